"""What is told of messages after they left: the kinds, what each does to a message's state, the statements.

What follows for addresses and orders is not known here: see engine/feedback.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
LATELY = timedelta(days=30)
"""A complaint that names a lead and no message is about one that left within this time."""


class FeedbackKind(StrEnum):
    """What may be told of a message that has left."""

    DELIVERED = "delivered"
    SOFT_BOUNCE = "soft_bounce"
    """It came back, but its address is good: a full mailbox, a size limit."""
    HARD_BOUNCE = "hard_bounce"
    """It came back because its address takes nothing any more."""
    COMPLAINT = "complaint"
    """The recipient called it spam."""
    REPLIED = "replied"
    """The recipient answered it."""


STATE_OF = {
    FeedbackKind.DELIVERED: MessageState.DELIVERED,
    FeedbackKind.SOFT_BOUNCE: MessageState.BOUNCED,
    FeedbackKind.HARD_BOUNCE: MessageState.BOUNCED,
    FeedbackKind.COMPLAINT: MessageState.COMPLAINED,
}
"""The state that feedback asks for, if any. Whether a message takes it, the table of transitions decides."""

LEFT = frozenset(
    {
        MessageState.UNKNOWN,
        MessageState.ACCEPTED,
        MessageState.DELIVERED,
        MessageState.BOUNCED,
        MessageState.COMPLAINED,
    }
)
"""States of messages that have left, or may have."""


class Heard(StrEnum):
    """What became of feedback."""

    APPLIED = "applied"
    REPEATED = "repeated"
    """It was told before, or the message has gone beyond it. Nothing changed."""
    TOO_EARLY = "too_early"
    """Whether the message left is not written down yet. Nothing changed: tell it again in a minute."""
    NOT_SENT = "not_sent"
    """The message never left. Nothing changed."""
    NO_SUCH_MESSAGE = "no_such_message"


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a provider or an operator tells of a message."""

    message_id: int
    kind: FeedbackKind
    at: datetime
    provider_event: str | None = None
    """The provider's own id of it: told twice, it counts once."""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldOf:
    """A message that feedback is about, as it was before."""

    id: int
    order_id: int
    lead_id: int | None
    address: str
    state: MessageState
    channel: str
    connection_id: int | None
    """What it was last sent through, as far as its batch knows."""
    sample: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PastFeedback:
    """What was told of a message."""

    kind: FeedbackKind
    detail: str
    at: datetime


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way to another state. Its fields are read by the statement."""

    id: int
    old: MessageState
    new: MessageState
    detail: str
    at: datetime


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    message_id: int
    kind: FeedbackKind
    order_id: int
    provider_event: str | None
    detail: str
    at: datetime


async def messages_told_of(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> dict[int, ToldOf]:
    rows = await tx.all(
        ToldOf, _SQL["messages-of-feedback"], workspace_id=workspace_id, message_ids=list(message_ids)
    )
    return {row.id: row for row in rows}


async def record(
    tx: Tx, *, workspace_id: int, items: Sequence[tuple[Feedback, ToldOf]]
) -> set[tuple[int, FeedbackKind]]:
    """Write feedback down and return (message, kind) of what is new."""
    records = [
        _Record(
            message_id=told.message_id,
            kind=told.kind,
            order_id=message.order_id,
            provider_event=told.provider_event,
            detail=told.detail,
            at=told.at,
        )
        for told, message in items
    ]
    rows = await tx.rows(_SQL["record-feedback"], workspace_id=workspace_id, items=_json(records))
    return {(row[0], FeedbackKind(row[1])) for row in rows}


async def move(tx: Tx, *, workspace_id: int, steps: Sequence[Step]) -> int:
    moved: int = await tx.value(
        _SQL["move-messages"],
        workspace_id=workspace_id,
        items=_json(steps),
        message_ids=[step.id for step in steps],
    )
    return moved


async def feedback_of(tx: Tx, *, workspace_id: int, message_id: int) -> list[PastFeedback]:
    return await tx.all(
        PastFeedback, _SQL["feedback-of-message"], workspace_id=workspace_id, message_id=message_id
    )


async def last_sent_to(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> list[int]:
    """Return the newest message that left to each of some leads, of orders that are still under way."""
    rows = await tx.rows(
        _SQL["last-sent-to-leads"], workspace_id=workspace_id, lead_ids=list(lead_ids), lately=LATELY
    )
    return [row[0] for row in rows]


def _json(items: Sequence[msgspec.Struct]) -> str:
    return msgspec.json.encode(items).decode()
