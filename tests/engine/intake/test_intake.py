"""Orders from the outside: open, accept, seal, hold, release, cancel; and the news of their end."""

import pytest

from mailgenius.engine.intake import service as intake
from mailgenius.engine.intake.jobs import cancel as cancel_job
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.errors import OrderMissing, OrderNotInState
from mailgenius.engine.ledger.model import OrderDrained, OrderState
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext, Jobs, JobTable
from mailgenius.processes.wiring import job_tables
from tests.engine.ledger.test_protocol import claim, conserved, counts, finish, open_window, settlement
from tests.factories.engine import addresses, make_order
from tests.factories.jobs_seen import waiting_jobs

listening = JobTable()


@listening.job("tests.heard_drained", listens_to=OrderDrained)
async def heard_drained(context: JobContext, **_: object) -> None:
    """Never run: the tests look at what is enqueued."""


@pytest.fixture
def jobs() -> Jobs:
    return Jobs([*(table for table in job_tables()), listening])


async def drained(db: Database) -> list[dict]:
    return await waiting_jobs(db, "tests.heard_drained")


async def test_an_order_sealed_empty_is_drained_at_once(db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        order_id = await make_order(tx, workspace_id, recipients=0)
    assert await drained(db) == [
        {"workspace_id": workspace_id, "order_id": order_id, "source": "campaign", "source_id": 7}
    ]


async def test_a_door_may_do_all_of_it_in_its_own_workspace(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        order_id = await make_order(tx, workspace_id, recipients=1500)
        await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
        await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
        assert (await intake.counts(tx, workspace_id=workspace_id, order_id=order_id))["queued"] == 1500
    for steer in (intake.hold, intake.release, intake.cancel, intake.seal):
        with pytest.raises(OrderMissing):
            async with db.tenant(other_workspace_id) as tx:
                await steer(tx, workspace_id=other_workspace_id, order_id=order_id)
    async with db.tenant(workspace_id) as tx:
        await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
        assert (
            await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) is OrderState.CANCELLED
        )


async def test_drained_is_told_once_and_only_when_sealed(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=5, seal=False)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    await finish(db, look.claim, [settlement(m) for m in look.messages])
    assert await drained(db) == []
    for _ in range(2):
        async with db.trusted() as tx:
            await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)
    assert len(await drained(db)) == 1


async def test_a_sealed_order_takes_no_more(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=5)
    with pytest.raises(OrderNotInState):
        async with db.trusted() as tx:
            await intake.accept(tx, workspace_id=workspace_id, order_id=order_id, recipients=addresses(1))


async def test_taking_in_rolls_back_as_a_whole(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=5, seal=False)
    with pytest.raises(RuntimeError):
        async with db.trusted() as tx:
            await intake.accept(tx, workspace_id=workspace_id, order_id=order_id, recipients=addresses(3000))
            raise RuntimeError
    assert await counts(db, workspace_id, order_id) == {"queued": 5}
    assert await conserved(db)


async def test_cancel_ends_what_waits_and_tells_it_once(db: Database, workspace_id: int, context: JobContext):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=25_000)
        await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
    assert (await claim(db)).claim is None
    for _ in range(2):
        await cancel_job(context, workspace_id=workspace_id, order_id=order_id)
    assert await counts(db, workspace_id, order_id) == {"cancelled": 25_000}
    assert len(await drained(db)) == 1
    assert await conserved(db)
    async with db.trusted() as tx:
        assert (
            await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) is OrderState.CANCELLED
        )


async def test_cancel_waits_for_the_window_an_engine_has_open(
    db: Database, workspace_id: int, context: JobContext
):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=300)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages[:100])
    async with db.trusted() as tx:
        await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
    await cancel_job(context, workspace_id=workspace_id, order_id=order_id)
    assert await drained(db) == []
    assert len(await waiting_jobs(db, "intake.cancel")) == 2  # The first, and the one that looks again.
    after = await open_window(
        db, look.claim, look.messages[100:], [settlement(m) for m in look.messages[:100]]
    )
    assert not after.opened
    await finish(db, look.claim)
    await cancel_job(context, workspace_id=workspace_id, order_id=order_id)
    assert await counts(db, workspace_id, order_id) == {"accepted": 100, "cancelled": 200}
    assert len(await drained(db)) == 1
    assert await conserved(db)


async def test_a_held_order_that_came_to_its_end_drains_when_released(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    async with db.trusted() as tx:
        await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
    await finish(db, look.claim, [settlement(m) for m in look.messages])
    assert await drained(db) == []
    async with db.trusted() as tx:
        await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
    assert len(await drained(db)) == 1


async def test_a_batch_given_back_while_its_order_is_released_is_not_forgotten(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10)
    look = await claim(db)
    assert look.claim
    async with db.trusted() as tx:
        await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
    await finish(db, look.claim)
    async with db.trusted() as tx:
        await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
    assert len((await claim(db)).messages) == 10


async def test_a_drained_order_cannot_be_cancelled(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=0)
    with pytest.raises(OrderNotInState):
        async with db.trusted() as tx:
            await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)


async def test_the_books_show_a_message_that_nobody_would_send(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=10)
        await tx.execute(Query("break", "It.", "UPDATE batches SET state = 'done'"))
        books = await ledger.conservation(tx, workspace_id=workspace_id)
    assert [(item.what, item.found) for item in books.imbalances] == [
        ("queued messages without a batch to come", 10)
    ]
