"""What became of messages after they left, as an operator's own processing of bounces tells it."""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.feedback import service as feedback
from mailgenius.engine.ledger.errors import MessageMissing
from mailgenius.engine.ledger.feedback import Feedback, Heard
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.messages.errors import EventsNotValid, MessageNotSettled

AHEAD = timedelta(hours=1)
"""How far a teller's clock may be ahead of ours."""


async def report(tx: Tx, *, workspace_id: int, items: Sequence[Feedback]) -> list[Heard]:
    """Take feedback in, and stop what it says must stop; return what became of each, in the order given.

    Told twice, late or in another order it changes nothing more.

    Raises:
        EventsNotValid: one lies in the future; the problems name its place.
    """
    latest = clock.now() + AHEAD
    wrong = [
        Problem(
            f"events[{place}].at",
            "must not lie in the future" if item.at > latest else "lies at an end of the calendar",
        )
        for place, item in enumerate(items)
        if item.at > latest or not clock.within_reach(item.at)
    ]
    if wrong:
        raise EventsNotValid(problems=wrong)
    takings = await feedback.take(tx, workspace_id=workspace_id, items=items)
    return [taking.heard for taking in takings]


async def report_one(tx: Tx, *, workspace_id: int, item: Feedback) -> Heard:
    """Take one piece of feedback in.

    Raises:
        MessageMissing: this workspace has no such message.
        MessageNotSettled: whether it left is not known yet.
        EventsNotValid: it lies in the future.
    """
    (heard,) = await report(tx, workspace_id=workspace_id, items=[item])
    if heard is Heard.NO_SUCH_MESSAGE:
        raise MessageMissing
    if heard is Heard.TOO_EARLY:
        raise MessageNotSettled
    return heard
