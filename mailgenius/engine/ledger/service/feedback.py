"""Taking feedback in: late and repeated news change nothing, and its order does not matter.

A message's state follows the table of transitions: what came first as an end stays. What else feedback
does, it does once for each message and kind, whatever else was told before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mailgenius.engine.ledger import feedback
from mailgenius.engine.ledger.feedback import (
    LEFT,
    STATE_OF,
    Feedback,
    FeedbackKind,
    Heard,
    Step,
    ToldOf,
    feedback_of as feedback_of,
    last_sent_to as last_sent_to,
)
from mailgenius.engine.ledger.model import MOVING, may_become
from mailgenius.kit.db.transaction import Tx

__all__ = ["Taking", "feedback_of", "last_sent_to", "take_feedback"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taking:
    """What became of one piece of feedback."""

    told: Feedback
    message: ToldOf | None
    heard: Heard


async def take_feedback(tx: Tx, *, workspace_id: int, items: Sequence[Feedback]) -> list[Taking]:
    """Write feedback down and move its messages; return what became of each, in the order given.

    The caller has locked the orders of whatever may make it stop one.
    """
    messages = await feedback.messages_told_of(
        tx, workspace_id=workspace_id, message_ids=sorted({item.message_id for item in items})
    )
    left = [
        (item, message)
        for item in items
        if (message := messages.get(item.message_id)) is not None and message.state in LEFT
    ]
    # That a message arrived is in its state; only what is more than that gets a row.
    weighty = [pair for pair in left if pair[0].kind is not FeedbackKind.DELIVERED]
    new = await feedback.record(tx, workspace_id=workspace_id, items=weighty) if weighty else set()
    steps: dict[int, Step] = {}
    takings = []
    for item in items:
        message = messages.get(item.message_id)
        heard = _refused(message)
        if heard is None and message is not None:
            heard = Heard.APPLIED if _follow(steps, new, item, message) else Heard.REPEATED
        takings.append(Taking(told=item, message=message, heard=heard or Heard.NO_SUCH_MESSAGE))
    if steps:
        await feedback.move(tx, workspace_id=workspace_id, steps=list(steps.values()))
    return takings


def _refused(message: ToldOf | None) -> Heard | None:
    if message is None:
        return Heard.NO_SUCH_MESSAGE
    if message.state in LEFT:
        return None
    return Heard.TOO_EARLY if message.state in MOVING else Heard.NOT_SENT


def _follow(
    steps: dict[int, Step], new: set[tuple[int, FeedbackKind]], item: Feedback, message: ToldOf
) -> bool:
    """Note the step that feedback makes its message take after those noted before; say whether it is news."""
    weighty = item.kind is not FeedbackKind.DELIVERED
    if weighty:
        if (message.id, item.kind) not in new:
            return False
        new.discard((message.id, item.kind))
    before = steps.get(message.id)
    to = STATE_OF.get(item.kind)
    if to is None or not may_become(before.new if before else message.state, to):
        return weighty
    steps[message.id] = Step(
        id=message.id, old=message.state, new=to, detail=item.detail if weighty else "", at=item.at
    )
    return True
