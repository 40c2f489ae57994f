"""Claim, window, settle, recover: the protocol step by step, as one or several engines would walk it."""

import asyncio
from datetime import timedelta

import pytest

from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import (
    Claim,
    MessageState,
    OrderState,
    Policy,
    QueuedMessage,
    Settlement,
    Window,
)
from mailgenius.engine.ledger.service import Look
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from tests.factories.engine import make_order

S = MessageState
LEASE = timedelta(seconds=30)
WAITED = Query(
    "waited",
    "All.",
    "WITH waited AS (UPDATE batches SET not_before = now()) UPDATE lanes SET wake_at = now()",
)
EXPIRE = Query("expire", "All leases.", "UPDATE batches SET lease_until = now() - interval '1 second'")
SET_BACK = Query(
    "set back",
    "What was written before the clock was set back by five minutes.",
    "UPDATE batches SET lease_until = lease_until + interval '5 minutes', created_at = created_at"
    " + interval '5 minutes', not_before = not_before + interval '5 minutes'",
)
WAKE = Query("wake", "All lanes.", "UPDATE lanes SET wake_at = now()")
ATTEMPTS = Query(
    "attempts", "All.", "SELECT message_id, number, outcome, reason FROM attempts ORDER BY message_id, number"
)
JOBS = Query("jobs", "Jobs waiting.", "SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
DRAINED = Query("drained", "How often.", "SELECT drained_at IS NOT NULL FROM orders WHERE id = %(id)s")


async def claim(db: Database, owner: str = "a", **more) -> Look:
    async with db.trusted() as tx:
        return await ledger.claim(tx, owner=owner, lease=LEASE, **more)


async def counts(db: Database, workspace_id: int, order_id: int) -> dict[str, int]:
    async with db.trusted() as tx:
        found = await intake.counts(tx, workspace_id=workspace_id, order_id=order_id)
    return {state.value: n for state, n in found.items() if n}


async def conserved(db: Database, workspace_id: int | None = None) -> bool:
    async with db.trusted() as tx:
        books = await ledger.conservation(tx, workspace_id=workspace_id)
    assert books.holds, books.imbalances
    assert books.taken == sum(books.counted.values()) == sum(books.found.values())
    return True


def window(
    messages: list[QueuedMessage] | tuple[QueuedMessage, ...], *, deduplicates: bool = False
) -> Window:
    return Window(
        first_id=messages[0].id, last_id=messages[-1].id, size=len(messages), deduplicates=deduplicates
    )


def settlement(message: QueuedMessage, state: MessageState = S.ACCEPTED, **more) -> Settlement:
    return Settlement(id=message.id, state=state, outcome=state, **more)


async def open_window(db: Database, found: Claim, messages, settled=(), **more):
    async with db.trusted() as tx:
        return await ledger.advance(
            tx, claim=found, settlements=settled, following=window(messages, **more), shard=1
        )


async def finish(db: Database, found: Claim, settled=(), **more) -> bool:
    async with db.trusted() as tx:
        return await ledger.finish(tx, claim=found, settlements=settled, unsent=0, shard=1, **more)


async def recover(db: Database) -> int:
    async with db.trusted() as tx:
        await tx.execute(EXPIRE)
        expired = await ledger.expired_leases(tx, lease=LEASE, limit=10)
    for seen in expired:
        async with db.trusted() as tx:
            assert await ledger.recover(tx, seen=seen, owner="r", lease=LEASE, shard=2)
    return len(expired)


async def test_from_taking_in_to_drained_the_books_balance(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=2500)
    assert await counts(db, workspace_id, order_id) == {"queued": 2500}
    sizes = []
    while (look := await claim(db)).claim:
        sizes.append(len(look.messages))
        first, rest = look.messages[:100], look.messages[100:]
        assert (await open_window(db, look.claim, first)).opened
        assert (await counts(db, workspace_id, order_id))["sending"] == 100
        assert (await open_window(db, look.claim, rest, [settlement(m) for m in first])).opened
        assert await conserved(db)
        await finish(db, look.claim, [settlement(m) for m in rest])
    assert sorted(sizes) == [500, 1000, 1000]
    assert await counts(db, workspace_id, order_id) == {"accepted": 2500}
    assert await conserved(db)
    async with db.trusted() as tx:
        assert (
            await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) is OrderState.DRAINED
        )


async def test_engines_at_the_same_time_never_claim_the_same_batch(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=8000)
    looks = await asyncio.gather(*(claim(db, owner=f"engine {n}") for n in range(8)))
    claimed = [look.claim.batch_id for look in looks if look.claim]
    while (look := await claim(db)).lane:
        claimed += [look.claim.batch_id] if look.claim else []
    assert len(claimed) == len(set(claimed)) == 8


async def test_a_lane_without_work_sleeps_and_new_work_wakes_it(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=1, seal=False)
    assert (await claim(db)).claim
    look = await claim(db)
    assert look.lane
    assert look.at_rest
    assert (await claim(db)).lane is None
    async with db.trusted() as tx:
        await intake.accept(
            tx, workspace_id=workspace_id, order_id=order_id, recipients=[(None, "x@y.example")]
        )
    assert (await claim(db)).claim


async def test_work_that_arrives_during_a_look_is_not_slept_over(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=1, seal=False)
    assert (await claim(db)).claim
    async with db.trusted() as adding:
        await intake.accept(
            adding, workspace_id=workspace_id, order_id=order_id, recipients=[(None, "x@y.example")]
        )
        # This look does not see the uncommitted batch, and must wait for the lane before it lets it sleep.
        looking = asyncio.create_task(claim(db))
        await asyncio.sleep(0.3)
        assert not looking.done()
    assert (await looking).claim is None
    assert (await claim(db)).claim


async def test_a_busy_workspace_does_not_delay_another(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=20_000)
    for _ in range(5):
        assert (await claim(db)).claim
    async with db.trusted() as tx:
        await make_order(tx, other_workspace_id, recipients=100)
    look = await claim(db)
    assert look.claim
    assert look.claim.workspace_id == other_workspace_id


async def test_a_message_somebody_waits_for_overtakes_campaigns(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=5000)
        urgent = await make_order(tx, workspace_id, recipients=1, priority=0)
    found = [(await claim(db)).claim for _ in range(2)]
    assert urgent in {item.order_id for item in found if item}


async def test_a_held_order_is_not_claimed_and_does_not_keep_its_lane_awake(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=3000)
        await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
    look = await claim(db)
    assert look.claim is None
    assert (await claim(db)).lane is None
    async with db.trusted() as tx:
        await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
    assert (await claim(db)).claim


async def test_a_hold_closes_the_next_window(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=300)
    look = await claim(db)
    assert look.claim
    assert (await open_window(db, look.claim, look.messages[:100])).opened
    async with db.trusted() as tx:
        await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
    settled = await open_window(
        db, look.claim, look.messages[100:], [settlement(m) for m in look.messages[:100]]
    )
    assert not settled.opened
    assert settled.order_state is OrderState.HELD
    await finish(db, look.claim)
    assert await counts(db, workspace_id, order_id) == {"queued": 200, "accepted": 100}
    async with db.trusted() as tx:
        await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
    assert len((await claim(db)).messages) == 200


async def test_what_an_engine_did_not_open_is_queued_again_after_its_death(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=500)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages[:100])
    await open_window(db, look.claim, look.messages[100:150], [settlement(m) for m in look.messages[:100]])
    assert await recover(db) == 1
    assert await counts(db, workspace_id, order_id) == {"accepted": 100, "unknown": 50, "queued": 350}
    assert await conserved(db)
    again = await claim(db)
    assert [m.id for m in again.messages] == [m.id for m in look.messages[150:]]
    async with db.trusted() as tx:
        rows = await tx.rows(ATTEMPTS)
    assert {(number, outcome) for _, number, outcome, _ in rows} == {(1, "unknown")}
    assert len(rows) == 50


@pytest.mark.parametrize(
    ("policy", "deduplicates"), [(Policy.PREFER_DELIVERY, False), (Policy.PREFER_NO_DUPLICATE, True)]
)
async def test_where_a_repeat_is_wanted_or_safe_the_window_is_sent_again(
    db: Database, workspace_id: int, policy: Policy, deduplicates: bool
):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10, policy=policy)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages[:4], deduplicates=deduplicates)
    await recover(db)
    assert await counts(db, workspace_id, order_id) == {"queued": 10}
    again = await claim(db)
    assert [m.attempts for m in again.messages] == [1] * 4 + [0] * 6
    async with db.trusted() as tx:
        assert [row[2] for row in await tx.rows(ATTEMPTS)] == ["unknown"] * 4
    assert await conserved(db)


async def test_an_engine_that_lost_its_lease_opens_nothing_and_settles_what_was_unknown(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=20)
    slow = await claim(db, owner="slow")
    assert slow.claim
    await open_window(db, slow.claim, slow.messages[:10])
    await recover(db)
    other = await claim(db, owner="other")
    assert other.claim
    assert len(other.messages) == 10
    late = await open_window(
        db,
        slow.claim,
        slow.messages[10:],
        [settlement(m) for m in slow.messages[:9]] + [settlement(slow.messages[9], S.REJECTED, reason="no")],
    )
    assert not late.owned
    assert not late.opened
    assert await counts(db, workspace_id, order_id) == {"accepted": 9, "rejected": 1, "queued": 10}
    await finish(db, slow.claim)  # Must not touch what the other engine holds.
    await open_window(db, other.claim, other.messages)
    await finish(db, other.claim, [settlement(m) for m in other.messages])
    assert await counts(db, workspace_id, order_id) == {"accepted": 19, "rejected": 1}
    assert await conserved(db)


async def test_settling_twice_changes_nothing(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    outcomes = [settlement(m, S.DEFERRED, again_in=timedelta(hours=1)) for m in look.messages]
    for _ in range(2):
        async with db.trusted() as tx:
            await ledger.advance(tx, claim=look.claim, settlements=outcomes, following=None, shard=1)
    assert await counts(db, workspace_id, order_id) == {"deferred": 10}
    assert await conserved(db)


async def test_an_outcome_that_is_no_step_from_sending_is_a_defect(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=1)
    look = await claim(db)
    assert look.claim
    with pytest.raises(ValueError, match="cannot become delivered"):
        await open_window(db, look.claim, look.messages, [settlement(look.messages[0], S.DELIVERED)])


async def test_deferred_messages_come_back_when_due_as_a_batch_of_their_own(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=30)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    later, soon, taken = look.messages[:10], look.messages[10:20], look.messages[20:]
    drained = await finish(
        db,
        look.claim,
        [settlement(m, S.DEFERRED, again_in=timedelta(hours=1), code="451") for m in later]
        + [settlement(m, S.DEFERRED, again_in=timedelta(0), code="451", reason="busy") for m in soon]
        + [settlement(m) for m in taken],
    )
    assert not drained
    async with db.trusted() as tx:
        assert await ledger.due_orders(tx, limit=100) == [(workspace_id, order_id)]
        assert await ledger.requeue_due(tx, workspace_id=workspace_id, order_id=order_id, shard=3) == 10
    assert await counts(db, workspace_id, order_id) == {"deferred": 10, "queued": 10, "accepted": 10}
    assert await conserved(db)
    again = await claim(db)
    assert again.claim
    assert [(m.id, m.attempts) for m in again.messages] == [(m.id, 1) for m in soon]
    await open_window(db, again.claim, again.messages)
    await finish(db, again.claim, [settlement(m) for m in again.messages])
    async with db.trusted() as tx:
        rows = [row[1:3] for row in await tx.rows(ATTEMPTS) if row[0] == soon[0].id]
    assert rows == [(1, "deferred"), (2, "accepted")]
    assert await conserved(db)


async def test_an_order_drains_once_when_its_last_batches_end_together(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=4000)
    looks = [await claim(db) for _ in range(4)]
    for look in looks:
        assert look.claim
        await open_window(db, look.claim, look.messages)
    drained = await asyncio.gather(
        *(finish(db, look.claim, [settlement(m) for m in look.messages]) for look in looks if look.claim)
    )
    assert sorted(drained) == [False, False, False, True]


async def test_a_batch_is_never_done_while_a_message_of_it_is_queued(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    assert not await finish(db, look.claim, [settlement(m) for m in look.messages[:9]])
    assert await counts(db, workspace_id, order_id) == {"accepted": 9, "queued": 1}
    assert [m.id for m in (await claim(db)).messages] == [look.messages[9].id]


async def test_a_batch_whose_connection_failed_waits_and_so_does_its_lane(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=10)
    look = await claim(db)
    assert look.claim
    await finish(db, look.claim, wait=timedelta(minutes=10), faults=3)
    assert (await claim(db)).claim is None
    assert (await claim(db)).lane is None
    async with db.trusted() as tx:
        await tx.execute(WAITED)
    again = await claim(db)
    assert again.claim
    assert again.claim.faults == 3


async def test_a_blocked_connection_leaves_its_lane_to_others(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        blocked = await make_order(tx, workspace_id, recipients=10)
        free = await make_order(tx, workspace_id, recipients=10)
        connection = (await ledger.get_order(tx, workspace_id=workspace_id, order_id=blocked)).connection_id
    look = await claim(db, blocked=[(workspace_id, connection)])
    assert look.claim
    assert look.claim.order_id == free
    look = await claim(db, blocked=[(workspace_id, connection)])
    assert look.claim is None
    assert not look.at_rest
    assert (await claim(db)).claim


async def test_a_heartbeat_keeps_a_lease(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=1)
    look = await claim(db)
    assert look.claim
    async with db.trusted() as tx:
        await tx.execute(EXPIRE)
        seen = await ledger.expired_leases(tx, lease=LEASE, limit=10)
    async with db.trusted() as tx:
        assert await ledger.renew(tx, workspace_id=workspace_id, claims=[look.claim], lease=LEASE) == 1
        assert await ledger.expired_leases(tx, lease=LEASE, limit=10) == []
        assert await ledger.recover(tx, seen=seen[0], owner="r", lease=LEASE, shard=2) is None


async def test_a_clock_set_back_neither_freezes_leases_nor_batches(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=1500)
    look = await claim(db)
    assert look.claim
    async with db.trusted() as tx:
        await tx.execute(SET_BACK)
        assert len(await ledger.expired_leases(tx, lease=LEASE, limit=10)) == 1
    assert not (await claim(db)).claim
    async with db.trusted() as tx:
        assert await ledger.call_back_batches(tx) == 1
        await tx.execute(WAKE)
    assert (await claim(db)).claim


async def test_lists_by_state_find_what_the_counters_count(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=20)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages[:10])
    outcomes = [
        settlement(look.messages[0], S.REJECTED, reason="no such user"),
        settlement(look.messages[1], S.SUPPRESSED, reason="unsubscribed"),
        settlement(look.messages[2], S.UNKNOWN),
        settlement(look.messages[3], S.EXPIRED),
        settlement(look.messages[4], S.DEFERRED, again_in=timedelta(hours=1)),
        *(settlement(m, provider_ref="ref") for m in look.messages[5:10]),
    ]
    await open_window(db, look.claim, look.messages[10:15], outcomes)
    found = await counts(db, workspace_id, order_id)
    assert found == {
        "rejected": 1, "suppressed": 1, "unknown": 1, "expired": 1, "deferred": 1, "accepted": 5,
        "sending": 5, "queued": 5,
    }  # fmt: skip
    async with db.trusted() as tx:
        everything = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id, limit=100)
        assert len(everything) == 20
        for state in MessageState:
            rows = await intake.messages(
                tx, workspace_id=workspace_id, order_id=order_id, state=state, limit=100
            )
            assert rows == [row for row in everything if row.state is state], state
            assert len(rows) == found.get(state.value, 0)
        page = await intake.messages(
            tx, workspace_id=workspace_id, order_id=order_id, after_id=everything[4].id, limit=3
        )
        assert page == everything[5:8]
    assert everything[0].error == "no such user"
    assert everything[5].provider_ref == "ref"
    assert [row.attempts for row in everything[:3]] == [1, 0, 1]


async def test_pages_of_queued_messages_go_over_many_and_scattered_batches(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=26_000)
    for _ in range(3):  # Three batches of messages that lie far apart.
        look = await claim(db)
        assert look.claim
        await open_window(db, look.claim, look.messages)
        await finish(
            db, look.claim, [settlement(m, S.DEFERRED, again_in=timedelta(0)) for m in look.messages]
        )
    async with db.trusted() as tx:
        assert await ledger.requeue_due(tx, workspace_id=workspace_id, order_id=order_id, shard=3) == 1000
    seen: list[int] = []
    async with db.trusted() as tx:
        while True:
            rows = await intake.messages(
                tx,
                workspace_id=workspace_id,
                order_id=order_id,
                state=S.QUEUED,
                after_id=seen[-1] if seen else 0,
                limit=3000,
            )
            seen += [row.id for row in rows]
            if len(rows) < 3000:
                break
    assert len(seen) == len(set(seen)) == 24_000
    assert seen == sorted(seen)


async def test_pages_of_cancelled_messages_pass_over_what_left_before(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=2500)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    waiting, left = look.messages[:5], look.messages[5:]
    outcomes = [settlement(m, S.DEFERRED, again_in=timedelta(hours=1)) for m in waiting]
    await finish(db, look.claim, [*outcomes, *(settlement(m) for m in left)])
    async with db.trusted() as tx:
        await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
        while await intake.cancel_next(tx, workspace_id=workspace_id, order_id=order_id):
            pass
        seen: list[int] = []
        while True:
            rows = await intake.messages(
                tx, workspace_id=workspace_id, order_id=order_id, state=S.CANCELLED,
                after_id=seen[-1] if seen else 0, limit=600,
            )  # fmt: skip
            assert {row.state for row in rows} <= {S.CANCELLED}
            seen += [row.id for row in rows]
            if len(rows) < 600:
                break
    assert seen == sorted(set(seen))
    assert len(seen) == 1505
    assert set(seen) >= {m.id for m in waiting}


async def test_partitions_are_made_once_while_messages_are_written(db: Database, workspace_id: int):
    async with db.trusted() as writing:
        await make_order(writing, workspace_id, recipients=10)
        async with db.trusted() as tx:
            assert await ledger.ensure_partitions(tx) == 0
    drop = Query("drop", "A far month.", "SELECT create_message_partitions(date '2031-01-01', 2)")
    async with db.trusted() as writing:
        await make_order(writing, workspace_id, recipients=10)
        async with asyncio.timeout(60), db.trusted() as tx:
            assert await tx.value(drop) == 2
            assert await tx.value(drop) == 0
