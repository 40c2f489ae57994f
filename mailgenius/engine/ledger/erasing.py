"""Making messages nameless: their states, counts and times stay, so the books still balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailgenius.engine.ledger.model import MessageState
from mailgenius.engine.ledger.takings import Swept
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
ERASED_ADDRESS = "(erased)"
"""What stands where an address was. Nothing can be sent to it: the gate holds it back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonsMessage:
    """A message of a person, before its name is taken off."""

    id: int
    state: MessageState


async def messages_of_person(
    tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], addresses: Sequence[str]
) -> list[PersonsMessage]:
    """Return the messages to some leads, and those to addresses that were written to without a lead."""
    return await tx.all(
        PersonsMessage,
        _SQL["messages-of-person"],
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        addresses=list(addresses),
    )


async def forget_answers(tx: Tx, *, workspace_id: int, after_id: int, before: datetime, limit: int) -> Swept:
    """Forget what servers answered about some old messages, from one on; say how far it came. Codes stay."""
    return await tx.one(
        Swept,
        _SQL["forget-answers"],
        workspace_id=workspace_id,
        after_id=after_id,
        before=before,
        limit=limit,
    )


async def make_nameless(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> int:
    """Take address, lead, values and providers' words off messages; return how many. A second call does none.

    What has not left stays in its batch, and is held back at the gate when its turn comes.
    """
    own = {"workspace_id": workspace_id, "message_ids": list(message_ids)}
    for name in ("forget-data-of", "blank-attempts-of", "blank-feedback-of"):
        await tx.execute(_SQL[name], **own)
    return await tx.execute(_SQL["blank-messages"], **own, erased=ERASED_ADDRESS)
