"""Dead letters for tests: an order whose messages ended as told, by the ledger's own protocol."""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState, Settlement, Window
from mailgenius.kit.db.database import Database
from tests.factories.engine import make_order

S = MessageState
CODES = {S.REJECTED: "550 5.1.1", S.EXPIRED: "451 4.7.1", S.UNKNOWN: "", S.ACCEPTED: "250"}


async def end_queued(db: Database, states: Sequence[MessageState]) -> list[int]:
    """Send the next claimable batch, its messages ending in these states by turns; return their ids."""
    async with db.trusted() as tx:
        look = await ledger.claim(tx, owner="tests", lease=timedelta(seconds=30))
    claim, messages = look.claim, look.messages
    assert claim is not None
    window = Window(first_id=messages[0].id, last_id=messages[-1].id, size=len(messages))
    async with db.trusted() as tx:
        await ledger.advance(tx, claim=claim, settlements=(), following=window, shard=1)
    settlements = []
    for number, message in enumerate(messages):
        state = states[number % len(states)]
        reason = "" if state is S.ACCEPTED else f"{CODES[state]} No such user here"
        settlements.append(
            Settlement(id=message.id, state=state, outcome=state, code=CODES[state], reason=reason)
        )
    async with db.trusted() as tx:
        await ledger.finish(tx, claim=claim, settlements=settlements, unsent=0, shard=1)
    return [message.id for message in messages]


async def make_dead(
    db: Database, workspace_id: int, states: Sequence[MessageState], *, recipients: int | None = None
) -> tuple[int, list[int]]:
    """Return an order and its messages, which ended in these states by turns."""
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=recipients or len(states))
    return order_id, await end_queued(db, states)
