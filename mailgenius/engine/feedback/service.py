"""Feedback, from the news to what follows: the address is stopped, its order and connection are judged.

All in the caller's transaction: whoever tells of the complaint that passes the threshold holds the order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.feedback.model import AddressesStopped
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.feedback import Feedback, FeedbackKind, Heard, ToldOf
from mailgenius.engine.ledger.service import Taking
from mailgenius.engine.pacing import health
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind, key_of_reply
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx

WARM_UP_PAUSED = "The warm-up is paused"
WARM_UP_REST = timedelta(hours=24)
BY_LEAD = "The lead's status says so."
BY_RECIPIENT = "by the recipient"
_GRAVE = {
    FeedbackKind.HARD_BOUNCE: SuppressionReason.BOUNCED,
    FeedbackKind.COMPLAINT: SuppressionReason.COMPLAINED,
}
"""What stops an address, and why it is then suppressed."""


async def take(tx: Tx, *, workspace_id: int, items: Sequence[Feedback]) -> list[Taking]:
    """Take feedback in and do what follows; return what became of each, in the order given.

    A second call with the same changes nothing. Orders are locked before messages, as everywhere. It takes
    few statements, however much is told: an order that must stop goes on until the caller commits.
    """
    grave = sorted({item.message_id for item in items if item.kind in _GRAVE})
    orders = await ledger.orders_of(tx, workspace_id=workspace_id, message_ids=grave) if grave else []
    for order_id in sorted({order_id for _, order_id in orders}):
        await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    takings = await ledger.take_feedback(tx, workspace_id=workspace_id, items=items)
    await _note_replies(tx, workspace_id=workspace_id, takings=takings)
    applied = [
        (taking.told, taking.message)
        for taking in takings
        if taking.heard is Heard.APPLIED and taking.message is not None and taking.told.kind in _GRAVE
    ]
    await _stop_addresses(tx, workspace_id=workspace_id, applied=applied)
    await _judge_orders(tx, workspace_id=workspace_id, applied=applied)
    await _judge_connections(tx, workspace_id=workspace_id, applied=applied)
    return takings


async def leads_complained(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    """Count that leads complained, as far as orders that are under way wrote to them; return how many did.

    Somebody said it of the lead, by hand or by a list: it is about the last message that it got.
    """
    messages = await ledger.last_sent_to(tx, workspace_id=workspace_id, lead_ids=lead_ids)
    if not messages:
        return 0
    items = [
        Feedback(message_id=each, kind=FeedbackKind.COMPLAINT, at=clock.now(), detail=BY_LEAD)
        for each in messages
    ]
    takings = await take(tx, workspace_id=workspace_id, items=items)
    return sum(taking.heard is Heard.APPLIED for taking in takings)


async def note_dead_addresses(tx: Tx, *, workspace_id: int, channel: str, said: Mapping[str, str]) -> None:
    """Stop writing to addresses that take nothing any more, and tell it with what was said of each.

    However many they are, it takes two statements: an order with many of them is to be stopped soon, and
    others go on with it until this transaction commits. A second call tells it again.
    """
    await suppression.add_each(
        tx, workspace_id=workspace_id, channel=channel, said=said, reason=SuppressionReason.BOUNCED
    )
    await tx.publish(AddressesStopped(workspace_id=workspace_id, channel=channel, addresses=said))


async def note_warm_up(tx: Tx, *, workspace_id: int, connection_id: int, bounced: int) -> bool:
    """Stop a connection for a day that meets too many dead addresses while it is to earn trust.

    Returns whether it did.
    """
    own = {"workspace_id": workspace_id, "connection_id": connection_id}
    if not await health.too_many_for_warm_up(tx, **own, bounced=bounced):
        return False
    paused = await connections.pause_warm_up(
        tx,
        **own,
        reason=f"{WARM_UP_PAUSED}: more than {health.WARM_UP_PERCENT} percent of today's messages bounced.",
        wait=WARM_UP_REST,
    )
    if paused:
        # Who lets it go on before its time is not to be stopped again by what is known already.
        await health.begin_warm_up_anew(tx, **own)
    return paused


async def hold_if_unhealthy(tx: Tx, *, workspace_id: int, order_id: int) -> str:
    """Hold an order that has passed a threshold of its workspace; return which, or nothing."""
    found = await health.judge(tx, workspace_id=workspace_id, order_id=order_id)
    if found is None:
        return ""
    halted = await intake.halt(
        tx,
        workspace_id=workspace_id,
        order_id=order_id,
        reason=found.what,
        count=found.count,
        sent=found.sent,
    )
    return found.what if halted else ""


async def _note_replies(tx: Tx, *, workspace_id: int, takings: Sequence[Taking]) -> None:
    """Have replies stand beside opens and clicks. Before addresses are stopped: so unsubscribing locks."""
    replies = [
        TrackedEvent(
            kind=TrackingKind.REPLIED,
            workspace_id=workspace_id,
            order_id=taking.message.order_id,
            message_id=taking.message.id,
            at=taking.told.at,
            key=key_of_reply(taking.message.id),
        )
        for taking in takings
        if taking.heard is Heard.APPLIED
        and taking.message is not None
        and taking.told.kind is FeedbackKind.REPLIED
    ]
    await tracking.record(tx, events=replies)


async def _stop_addresses(tx: Tx, *, workspace_id: int, applied: Sequence[tuple[Feedback, ToldOf]]) -> None:
    groups: dict[tuple[str, FeedbackKind, str], list[str]] = {}
    words: dict[str, dict[str, str]] = {}
    for told, message in applied:
        groups.setdefault((message.channel, told.kind, told.detail), []).append(message.address)
        said = told.detail if told.kind is FeedbackKind.HARD_BOUNCE else BY_RECIPIENT
        words.setdefault(message.channel, {})[message.address] = said
    for (channel, kind, detail), addresses in sorted(groups.items()):
        await suppression.add(
            tx,
            workspace_id=workspace_id,
            channel=channel,
            addresses=addresses,
            reason=_GRAVE[kind],
            detail=detail,
        )
    for channel, addressed in sorted(words.items()):
        await tx.publish(AddressesStopped(workspace_id=workspace_id, channel=channel, addresses=addressed))


async def _judge_orders(tx: Tx, *, workspace_id: int, applied: Sequence[tuple[Feedback, ToldOf]]) -> None:
    counted = Counter((message.order_id, told.kind) for told, message in applied if not message.sample)
    for order_id in sorted({order_id for order_id, _ in counted}):
        await health.note(
            tx,
            workspace_id=workspace_id,
            order_id=order_id,
            bounced=counted[order_id, FeedbackKind.HARD_BOUNCE],
            complained=counted[order_id, FeedbackKind.COMPLAINT],
        )
        await hold_if_unhealthy(tx, workspace_id=workspace_id, order_id=order_id)


async def _judge_connections(
    tx: Tx, *, workspace_id: int, applied: Sequence[tuple[Feedback, ToldOf]]
) -> None:
    bounced = Counter(
        message.connection_id for told, message in applied if told.kind is FeedbackKind.HARD_BOUNCE
    )
    for connection_id, number in sorted((key, n) for key, n in bounced.items() if key is not None):
        connection = await connections.get(tx, workspace_id=workspace_id, connection_id=connection_id)
        if connection.warming:
            await note_warm_up(tx, workspace_id=workspace_id, connection_id=connection_id, bounced=number)
