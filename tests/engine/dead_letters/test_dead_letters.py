"""Dead letters: what is one, what replaying and discarding do to the books, and runs over a whole filter."""

from collections.abc import Sequence

import pytest

from mailgenius.engine.dead_letters import service as dead_letters
from mailgenius.engine.dead_letters.advice import advice
from mailgenius.engine.dead_letters.errors import DeadLetterMissing
from mailgenius.engine.dead_letters.model import Act, DeadFilter, DeadLetter, Run
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState, OrderState
from mailgenius.kit.db.database import Database
from tests.factories.dead_letters import end_queued, make_dead
from tests.factories.engine import make_order

S = MessageState


async def listed(db: Database, workspace_id: int, **wanted) -> Sequence[DeadLetter]:
    async with db.tenant(workspace_id) as tx:
        page = await dead_letters.list_dead(
            tx, workspace_id=workspace_id, wanted=DeadFilter(**wanted), limit=500
        )
    return page.items


async def replay(db: Database, workspace_id: int, ids: Sequence[int]) -> tuple[int, int]:
    async with db.tenant(workspace_id) as tx:
        done = await dead_letters.replay(tx, workspace_id=workspace_id, message_ids=ids, done_by=None)
    return done.done, done.skipped


async def counts(db: Database, workspace_id: int, order_id: int) -> dict[str, int]:
    async with db.trusted() as tx:
        books = await ledger.conservation(tx, workspace_id=workspace_id)
        assert books.holds, books.imbalances
        found = await intake.counts(tx, workspace_id=workspace_id, order_id=order_id)
    return {state.value: n for state, n in found.items() if n}


async def test_only_ends_without_success_are_listed_and_filtered(db: Database, workspace_id: int):
    _, ids = await make_dead(db, workspace_id, [S.REJECTED, S.ACCEPTED, S.UNKNOWN, S.EXPIRED])
    assert [letter.id for letter in await listed(db, workspace_id)] == [ids[3], ids[2], ids[0]]
    assert [letter.id for letter in await listed(db, workspace_id, state="unknown")] == [ids[2]]
    assert [letter.id for letter in await listed(db, workspace_id, code="550 5.1.1")] == [ids[0]]
    assert [letter.id for letter in await listed(db, workspace_id, reason="451 4.7.1 no SUCH")] == [ids[3]]
    assert len(await listed(db, workspace_id, campaign_id=7)) == 3  # The factory's campaign.
    assert not await listed(db, workspace_id, campaign_id=8)
    async with db.tenant(workspace_id) as tx:
        counted = await dead_letters.counts(tx, workspace_id=workspace_id)
    assert {(item.state, item.n) for item in counted} == {("rejected", 1), ("unknown", 1), ("expired", 1)}


async def test_a_replay_is_a_new_attempt_and_the_order_drains_again(db: Database, workspace_id: int):
    order_id, ids = await make_dead(db, workspace_id, [S.REJECTED, S.ACCEPTED, S.UNKNOWN, S.EXPIRED])
    assert await counts(db, workspace_id, order_id) == {
        "rejected": 1, "accepted": 1, "unknown": 1, "expired": 1
    }  # fmt: skip
    assert await replay(db, workspace_id, ids) == (3, 1)
    assert await replay(db, workspace_id, ids) == (0, 4)
    assert await counts(db, workspace_id, order_id) == {"accepted": 1, "queued": 3}
    assert not await listed(db, workspace_id)
    assert await end_queued(db, [S.ACCEPTED, S.REJECTED, S.ACCEPTED]) == [ids[0], ids[2], ids[3]]
    assert await counts(db, workspace_id, order_id) == {"accepted": 3, "rejected": 1}
    async with db.trusted() as tx:
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id)
    assert state is OrderState.DRAINED
    (again,) = await listed(db, workspace_id)
    assert (again.id, again.attempt) == (ids[2], 2)
    async with db.tenant(workspace_id) as tx:
        told = await dead_letters.explain(tx, workspace_id=workspace_id, message_id=ids[2])
    assert [attempt.outcome for attempt in told.attempts] == ["unknown", "rejected"]
    assert [(act.attempt, act.act) for act in told.acts] == [(1, Act.REPLAYED)]
    assert "does not exist" in told.advice.meaning


async def test_the_discarded_leave_the_list_and_change_nothing_else(db: Database, workspace_id: int):
    order_id, ids = await make_dead(db, workspace_id, [S.REJECTED, S.REJECTED])
    before = await counts(db, workspace_id, order_id)
    for done in (1, 0):
        async with db.tenant(workspace_id) as tx:
            found = await dead_letters.discard(
                tx, workspace_id=workspace_id, message_ids=[ids[0]], done_by=None
            )
        assert found.done == done
    assert [letter.id for letter in await listed(db, workspace_id)] == [ids[1]]
    assert await counts(db, workspace_id, order_id) == before
    assert await replay(db, workspace_id, ids) == (1, 1)
    async with db.tenant(workspace_id) as tx:
        with pytest.raises(DeadLetterMissing):
            await dead_letters.explain(tx, workspace_id=workspace_id, message_id=ids[0])


async def test_a_cancelled_order_stays_cancelled_and_a_held_one_waits(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        held = await make_order(tx, workspace_id, recipients=2)
    await end_queued(db, [S.REJECTED])
    async with db.trusted() as tx:
        cancelled = await make_order(tx, workspace_id, recipients=1, seal=False)
    await end_queued(db, [S.REJECTED])
    async with db.trusted() as tx:
        await intake.cancel(tx, workspace_id=workspace_id, order_id=cancelled)
    letters = await listed(db, workspace_id)
    assert [letter.cancelled for letter in letters] == [True, False, False]
    assert await replay(db, workspace_id, [letter.id for letter in letters]) == (2, 1)
    assert await counts(db, workspace_id, held) == {"queued": 2}


async def test_a_run_works_all_of_a_filter_off_and_stops_where_it_began(
    db: Database, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dead_letters, "STEP", 4)
    order_id, _ = await make_dead(db, workspace_id, [S.REJECTED, S.EXPIRED], recipients=20)
    async with db.tenant(workspace_id) as tx:
        run = await dead_letters.start_run(
            tx,
            workspace_id=workspace_id,
            act=Act.REPLAYED,
            wanted=DeadFilter(state="rejected"),
            done_by=None,
        )
    steps, more = 0, True
    while more:
        async with db.trusted() as tx:
            more = await dead_letters.run_next(tx, workspace_id=workspace_id, run_id=run.id)
        steps += 1
        if steps == 1:
            # What fails again while the run goes on is not replayed by it a second time.
            await end_queued(db, [S.REJECTED])
    assert await counts(db, workspace_id, order_id) == {"expired": 10, "queued": 6, "rejected": 4}
    async with db.tenant(workspace_id) as tx:
        ended: Run = await dead_letters.get_run(tx, workspace_id=workspace_id, run_id=run.id)
    assert (ended.done, ended.skipped, ended.finished_at is not None, steps) == (10, 0, True, 3)


async def test_another_workspace_sees_and_changes_nothing(
    db: Database, workspace_id: int, other_workspace_id: int
):
    order_id, ids = await make_dead(db, workspace_id, [S.REJECTED])
    assert not await listed(db, other_workspace_id)
    assert await replay(db, other_workspace_id, ids) == (0, 0)
    assert await counts(db, workspace_id, order_id) == {"rejected": 1}


@pytest.mark.parametrize(
    ("state", "code", "words", "repeats"),
    [
        ("unknown", "", "no answer", True),
        ("expired", "451 4.7.1", "time was over", False),
        ("rejected", "", "could not be made", False),
        ("rejected", "550 5.1.1", "does not exist", False),
        ("rejected", "550 5.7.26", "policy", False),
        ("rejected", "552", "too large", False),
        ("rejected", "550", "refused it for good", False),
    ],
)
def test_each_failure_has_its_advice(state: str, code: str, words: str, repeats: bool):
    found = advice(state=state, code=code)
    assert words in found.meaning
    assert found.remedy
    assert found.repeats is repeats
