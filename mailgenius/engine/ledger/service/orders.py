"""Orders: open them, add messages, move them between states, and notice when they owe nothing any more."""

from mailgenius.engine.ledger import outcomes, queries
from mailgenius.engine.ledger.errors import OrderNotInState
from mailgenius.engine.ledger.model import ORDER_TRANSITIONS, OrderDrained, OrderState, Recipients, Taken
from mailgenius.engine.ledger.queries import (
    LockedOrder as LockedOrder,
    get_order as get_order,
    insert_order as open_order,
    lock_order as lock_order,
)
from mailgenius.kit.db.transaction import Tx

__all__ = [
    "LockedOrder",
    "add_messages",
    "cancel_some",
    "drain",
    "get_order",
    "lock_order",
    "move_order",
    "open_order",
]


async def add_messages(tx: Tx, *, workspace_id: int, order: LockedOrder, recipients: Recipients) -> Taken:
    """Write a message for each recipient. The first batch is claimable as soon as the caller commits.

    Raises:
        OrderNotInState: the order is sealed, cancelled or drained.
    """
    if order.sealed or order.state in {OrderState.CANCELLED, OrderState.DRAINED}:
        raise OrderNotInState(state=order.state)
    taken = await queries.insert_messages(
        tx,
        workspace_id=workspace_id,
        order_id=order.id,
        batch_state="ready" if order.may_send else "held",
        recipients=recipients,
    )
    if taken.count:
        await _wake(tx, workspace_id=workspace_id, order=order)
    return taken


async def move_order(
    tx: Tx, *, workspace_id: int, order: LockedOrder, to: OrderState, sealed: bool | None = None
) -> None:
    """Move an order to another state, and its waiting batches into or out of the claimers' sight.

    Raises:
        OrderNotInState: there is no such step.
    """
    if to is not order.state and to not in ORDER_TRANSITIONS[order.state]:
        raise OrderNotInState(state=order.state)
    await queries.set_order_state(
        tx,
        workspace_id=workspace_id,
        order_id=order.id,
        state=to,
        sealed=order.sealed if sealed is None else sealed,
    )
    if to in {OrderState.HELD, OrderState.CANCELLED}:
        await queries.park_batches(tx, workspace_id=workspace_id, order_id=order.id)
    elif order.state is OrderState.HELD:
        await queries.unpark_batches(tx, workspace_id=workspace_id, order_id=order.id)
        await _wake(tx, workspace_id=workspace_id, order=order)


async def drain(tx: Tx, *, workspace_id: int, order_id: int) -> bool:
    """Publish OrderDrained if the order, which the caller has locked, owes nothing any more.

    Once at most: the row remembers it. The lock makes two batches that end together see each other.
    """
    found = await queries.drain_order(tx, workspace_id=workspace_id, order_id=order_id)
    if found is None:
        return False
    source, source_id = found
    await tx.publish(
        OrderDrained(workspace_id=workspace_id, order_id=order_id, source=source, source_id=source_id)
    )
    return True


async def cancel_some(tx: Tx, *, workspace_id: int, order_id: int, batches: int, deferrals: int) -> int:
    """Cancel what waits in a few batches and deferrals of a cancelled order; return how many of these."""
    picked = await outcomes.cancel_batches(tx, workspace_id=workspace_id, order_id=order_id, limit=batches)
    dropped = await outcomes.cancel_deferrals(
        tx, workspace_id=workspace_id, order_id=order_id, limit=deferrals
    )
    return picked + dropped


async def _wake(tx: Tx, *, workspace_id: int, order: LockedOrder) -> None:
    await queries.wake_lane(tx, workspace_id=workspace_id, channel=order.channel, priority=order.priority)
