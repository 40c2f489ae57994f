"""Values of messages: forgotten when nobody needs them any more, and not before."""

from datetime import timedelta

import pytest

from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.takings import Taken
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.ops.maintenance import forget_message_data
from tests.factories.engine import make_order

ENDS = ("accepted", "delivered", "bounced", "complained", "suppressed", "cancelled")
DEAD = ("rejected", "unknown", "expired")
STATES = [*ENDS, *DEAD, *(f"{state} and closed" for state in DEAD), "queued", "deferred"]
AGE = Query(
    "age",
    "The message ended 40 days ago in a state; as its own dead letter, closed or not.",
    "WITH aged AS (UPDATE messages SET state = %(state)s::message_state, attempts = 1,"
    "                     updated_at = now() - interval '40 days'"
    "               WHERE workspace_id = %(workspace_id)s AND id = %(id)s RETURNING order_id)"
    " INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, closed)"
    " SELECT %(workspace_id)s, %(id)s, 1, order_id, %(state)s, %(closed)s FROM aged",
)


@pytest.fixture
async def messages(db: Database, workspace_id: int, other_workspace_id: int) -> dict[str, int]:
    """Messages with values, one for each way to stand, all of them old; one more in another workspace."""
    made = {}
    async with db.trusted() as tx:
        for owner in (workspace_id, other_workspace_id):
            order_id = await make_order(tx, owner, recipients=0, seal=False)
            order = await ledger.lock_order(tx, workspace_id=owner, order_id=order_id)
            items = [Taken(address=f"p{n}@example.com", data={"n": n}) for n in range(len(STATES))]
            ids = await ledger.take_messages(tx, workspace_id=owner, order=order, items=items)
            for state, message_id in zip(STATES, ids, strict=True):
                name, _, closed = state.partition(" ")
                await tx.execute(AGE, workspace_id=owner, id=message_id, state=name, closed=bool(closed))
            if owner == workspace_id:
                made = dict(zip(STATES, ids, strict=True))
    return made


async def kept(db: Database, workspace_id: int, messages: dict[str, int]) -> set[str]:
    async with db.trusted() as tx:
        found = await ledger.data_of(tx, workspace_id=workspace_id, message_ids=list(messages.values()))
    return {state for state, message_id in messages.items() if message_id in found}


async def test_values_are_forgotten_when_a_message_has_ended_for_good(
    db: Database, services: Services, workspace_id: int, messages: dict[str, int]
):
    await forget_message_data(JobContext(db=db, settings=services.settings, storage=services.storage))
    assert await kept(db, workspace_id, messages) == set(STATES), "none of them was made 30 days ago"
    for forgotten in (len(ENDS) + len(DEAD), 0):
        async with db.trusted() as tx:
            swept = await ledger.forget_data(tx, workspace_id=workspace_id, kept_for=timedelta(0))
        assert (swept.forgotten, swept.last_id) == (forgotten, messages["deferred"])
        assert await kept(db, workspace_id, messages) == {*DEAD, "queued", "deferred"}
    async with db.trusted() as tx:
        over = await ledger.forget_data(
            tx, workspace_id=workspace_id, after_id=messages["deferred"], kept_for=timedelta(0)
        )
        later = await ledger.next_workspace_with_data(tx, after=workspace_id)
    assert over.last_id is None
    assert later is not None
