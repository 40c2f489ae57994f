"""Messages one by one: take them in with their own data, read them, call them off."""

from collections.abc import Sequence

from mailgenius.engine.ledger import queries, takings
from mailgenius.engine.ledger.errors import MessageOnItsWay, OrderNotInState
from mailgenius.engine.ledger.model import MessageState, OrderState
from mailgenius.engine.ledger.queries import LockedOrder
from mailgenius.engine.ledger.service.orders import drain
from mailgenius.engine.ledger.takings import (
    Attempt,
    MessageDetail,
    Taken,
    data_of as data_of,
    get_message as get_message,
    newest_messages as newest_messages,
)
from mailgenius.kit.db.transaction import Tx

_CALLED_OFF = frozenset({MessageState.QUEUED, MessageState.DEFERRED, MessageState.SENDING})


async def take_messages(
    tx: Tx, *, workspace_id: int, order: LockedOrder, items: Sequence[Taken]
) -> list[int]:
    """Take messages of an open order in and return their ids, in their order. All wait for a time, or none.

    The lane is not woken: the caller does that when it holds all the orders that it wants, see `wake`.

    Raises:
        OrderNotInState: the order takes no more.
    """
    if order.sealed or order.state in {OrderState.CANCELLED, OrderState.DRAINED}:
        raise OrderNotInState(state=order.state)
    if not items:
        return []
    if items[0].due_at is not None:
        return await takings.schedule_messages(tx, workspace_id=workspace_id, order_id=order.id, items=items)
    return await takings.take_messages(
        tx,
        workspace_id=workspace_id,
        order_id=order.id,
        batch_state="ready" if order.may_send else "held",
        items=items,
    )


async def wake(tx: Tx, *, workspace_id: int, channel: str, priority: int) -> None:
    """Have engines look at a lane that got work. Done last in a transaction: orders are locked first."""
    await queries.wake_lane(tx, workspace_id=workspace_id, channel=channel, priority=priority)


async def cancel_message(tx: Tx, *, workspace_id: int, message_id: int) -> None:
    """Call off a message that has not left. A second call changes nothing.

    Raises:
        MessageMissing: there is no such message.
        MessageOnItsWay: an engine has it in hand, or it has reached an end.
    """
    message = await takings.get_message(tx, workspace_id=workspace_id, message_id=message_id)
    if message.state is MessageState.CANCELLED:
        return
    if message.state not in _CALLED_OFF:
        raise MessageOnItsWay(state=message.state)
    order = await queries.lock_order(tx, workspace_id=workspace_id, order_id=message.order_id)
    names = {"workspace_id": workspace_id, "message_id": message_id}
    if not (await takings.cancel_waiting(tx, **names) or await takings.cancel_queued(tx, **names)):
        raise MessageOnItsWay(state=MessageState.SENDING)
    await drain(tx, workspace_id=workspace_id, order_id=order.id)


async def attempts(tx: Tx, *, workspace_id: int, message: MessageDetail) -> list[Attempt]:
    """Return what happened at each attempt, the first first.

    An acceptance at the first try is not written down by itself: the message's own row tells it.
    """
    written = await takings.attempts_of(tx, workspace_id=workspace_id, message_id=message.id)
    if written or not message.attempts:
        return written
    at = message.updated_at if message.state is MessageState.ACCEPTED else None
    return [Attempt(number=1, outcome=MessageState.ACCEPTED, code="", reason="", at=at)]
