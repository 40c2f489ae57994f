"""The ledger's statements on recipients that become one; one typed function each."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailgenius.engine.ledger.model import MessageState, QueuedMessage
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)

WAITING = frozenset({MessageState.QUEUED, MessageState.DEFERRED})


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageToBoth:
    """Two messages of one campaign, to two recipients that are one person."""

    id: int
    state: MessageState
    address: str
    kept_message_id: int
    kept_state: MessageState
    kept_address: str


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have the messages to one lead be to another; return how many. A second run finds none."""
    return await tx.execute(
        _SQL["follow-lead"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )


async def messages_to_both(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> list[MessageToBoth]:
    """Return what the campaigns under way have for each of two leads. Asked before `follow_lead`."""
    return await tx.all(
        MessageToBoth,
        _SQL["messages-to-both"],
        workspace_id=workspace_id,
        kept_id=kept_id,
        other_id=other_id,
    )


async def followed(tx: Tx, *, workspace_id: int, messages: Sequence[QueuedMessage]) -> dict[int, int | None]:
    """Return by message whom it is to by now, for those to another lead than when they were read.

    None: the campaign has another message for that lead, so this one would be its second.
    """
    rows = await tx.rows(
        _SQL["followed-messages"],
        workspace_id=workspace_id,
        message_ids=[message.id for message in messages],
        lead_ids=[message.lead_id for message in messages],
    )
    return dict(rows)
