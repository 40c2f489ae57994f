"""The rules of tracking: what is counted, what unsubscribing does, and that nothing is counted twice.

Events come from the open internet by way of the edge, which has opened their tokens. How they are kept while
the database is away is in `recorder.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailgenius.engine.ledger.model import OrderContent
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.engine.tracking import queries
from mailgenius.engine.tracking.errors import TooLateToReturn
from mailgenius.engine.tracking.links import mark_links
from mailgenius.engine.tracking.model import (
    Recipient,
    RecipientReturned,
    RecipientUnsubscribed,
    TrackedEvent,
    TrackingKind,
)
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.rendering import TemplateBroken

RETURN_WITHIN = timedelta(hours=1)
"""How long the page that confirms an unsubscribing may take it back."""


async def record(tx: Tx, *, events: Sequence[TrackedEvent]) -> int:
    """Write events with their marks and roll-ups, and return how many were new.

    Events of several workspaces need a trusted transaction. A second call with the same changes nothing.
    Unsubscribing is more than that: see `unsubscribe`.
    """
    if not events:
        return 0
    people = [event for event in events if not event.machine]
    if people:
        await queries.lock_engagement(tx, people)
    return await queries.record(tx, events)


async def unsubscribe(tx: Tx, *, event: TrackedEvent) -> None:
    """Stop all messages to the recipient of a message, at once. Needs a trusted transaction.

    A second call changes nothing, unless the recipient came back in between.

    Raises:
        MessageGone: the message is not known here.
    """
    if event.kind is not TrackingKind.UNSUBSCRIBE:
        raise ValueError("Only an unsubscribing unsubscribes.")
    await queries.lock_engagement(tx, [event])
    workspace_id, message_id = event.workspace_id, event.message_id
    recipient = await queries.recipient(
        tx, workspace_id=workspace_id, order_id=event.order_id, message_id=message_id
    )
    # The address is suppressed each time: it may have been let in again by other ways.
    await suppression.add(
        tx,
        workspace_id=workspace_id,
        channel=recipient.channel,
        addresses=[recipient.address],
        reason=SuppressionReason.UNSUBSCRIBED,
    )
    if recipient.unsubscribed_at is None and await queries.record(tx, [event]):
        await tx.publish(
            RecipientUnsubscribed(
                workspace_id=workspace_id,
                message_id=message_id,
                lead_id=recipient.lead_id,
                channel=recipient.channel,
                address=recipient.address,
            )
        )


async def recipient_of(tx: Tx, *, workspace_id: int, order_id: int, message_id: int) -> Recipient:
    """Return whom a message went to, and whether they left by it.

    Raises:
        MessageGone: the message is not known here.
    """
    return await queries.recipient(tx, workspace_id=workspace_id, order_id=order_id, message_id=message_id)


async def take_back(tx: Tx, *, workspace_id: int, order_id: int, message_id: int) -> None:
    """Undo an unsubscribing by the same message, within the hour. A second call changes nothing.

    Raises:
        MessageGone: the message is not known here.
        TooLateToReturn: the hour is over. Links live for years and get forwarded.
    """
    recipient = await queries.recipient(
        tx, workspace_id=workspace_id, order_id=order_id, message_id=message_id
    )
    if recipient.unsubscribed_at is None:
        return
    if clock.now() - recipient.unsubscribed_at > RETURN_WITHIN:
        raise TooLateToReturn
    await queries.take_back(
        tx, workspace_id=workspace_id, message_id=message_id, unsubscribed_at=recipient.unsubscribed_at
    )
    await suppression.remove(
        tx,
        workspace_id=workspace_id,
        channel=recipient.channel,
        addresses=[recipient.address],
        reasons=[SuppressionReason.UNSUBSCRIBED],
    )
    await tx.publish(
        RecipientReturned(
            workspace_id=workspace_id,
            message_id=message_id,
            lead_id=recipient.lead_id,
            channel=recipient.channel,
            address=recipient.address,
        )
    )


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have what one recipient did count for another; return how many events. A second run finds none."""
    return await queries.follow_lead(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)


async def make_nameless(
    tx: Tx, *, workspace_id: int, message_ids: Sequence[int], lead_ids: Sequence[int]
) -> int:
    """Take lead, browser and addresses off the events of some messages and leads; return how many."""
    return await queries.make_nameless(
        tx, workspace_id=workspace_id, message_ids=message_ids, lead_ids=lead_ids
    )


async def forget_events(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Delete some events from before a moment; return how many, none at the end. Counts stay."""
    return await queries.sweep_events(tx, workspace_id=workspace_id, before=before, limit=limit)


async def register_links(tx: Tx, *, workspace_id: int, order_id: int, content: OrderContent) -> None:
    """Write down what the link numbers of an order stand for. A second call changes nothing."""
    urls = followed_links(content)
    if urls:
        await queries.register_links(tx, workspace_id=workspace_id, order_id=order_id, urls=urls)


def followed_links(content: OrderContent) -> Sequence[str]:
    """Return the addresses that an order's messages will follow, as the template writes them, from number 1.

    A broken template follows none: its messages will say what is wrong with it.
    """
    if not content.track_clicks:
        return ()
    try:
        return mark_links(content.html).links
    except TemplateBroken:
        return ()
