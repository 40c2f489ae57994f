"""What may be asked of the engine. Each call takes effect when its caller's transaction commits."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.errors import OrderNotInState
from mailgenius.engine.ledger.model import (
    MessageRow,
    MessageState,
    OrderContent,
    OrderHalted,
    OrderState,
    Policy,
    Recipients,
    Taken,
)
from mailgenius.engine.tracking import service as tracking
from mailgenius.kit.db.transaction import Tx

STEP_BATCHES = 10
STEP_DEFERRALS = 5000


async def open_order(
    tx: Tx,
    *,
    workspace_id: int,
    source: str,
    source_id: int | None,
    channel: Channel | str,
    priority: int,
    connection_id: int | None,
    content: OrderContent,
    policy: Policy | str = Policy.PREFER_NO_DUPLICATE,
    per_minute: int | None = None,
    per_hour: int | None = None,
) -> int:
    """Open an order and return its id. Its content is frozen from now on.

    Args:
        tx: the caller's transaction.
        workspace_id: whose order it is.
        source: what asks for it: `campaign`, `test`, `api`.
        source_id: the source's own id, handed back in events.
        channel: how the messages travel.
        priority: 0 for messages that somebody waits for, 10 for campaigns.
        connection_id: through which connection they leave; None leaves the choice to the engine.
        content: how each message is made.
        policy: what to do with messages handed over without an answer.
        per_minute: the order's own speed limit; none leaves it to the connection's.
        per_hour: the same for an hour.
    """
    order_id = await ledger.open_order(
        tx,
        workspace_id=workspace_id,
        source=source,
        source_id=source_id,
        channel=Channel(channel).value,
        priority=priority,
        connection_id=connection_id,
        policy=Policy(policy),
        content=content,
        per_minute=per_minute,
        per_hour=per_hour,
    )
    await tracking.register_links(tx, workspace_id=workspace_id, order_id=order_id, content=content)
    return order_id


async def accept(tx: Tx, *, workspace_id: int, order_id: int, recipients: Recipients) -> Taken:
    """Take recipients in, each a lead's id (if any) and an address; return how many, and the last lead.

    They may leave as soon as the caller commits, also before the order is sealed. A second call takes them
    in a second time: callers keep their cursor in the same transaction.

    Raises:
        OrderMissing: there is no such order.
        OrderNotInState: the order takes no more.
    """
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    return await ledger.add_messages(tx, workspace_id=workspace_id, order=order, recipients=recipients)


async def seal(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Say that all recipients are in. Without any that still owes an end, the order is drained at once."""
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.sealed or order.state is OrderState.CANCELLED:
        return
    to = OrderState.RUNNING if order.state is OrderState.FILLING else order.state
    await ledger.move_order(tx, workspace_id=workspace_id, order=order, to=to, sealed=True)
    await ledger.drain(tx, workspace_id=workspace_id, order_id=order_id)


async def hold(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Let nothing more of an order leave, beyond the windows that are open. Held and ended orders stay so."""
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.may_send:
        await ledger.move_order(tx, workspace_id=workspace_id, order=order, to=OrderState.HELD)


async def halt(tx: Tx, *, workspace_id: int, order_id: int, reason: str, count: int, sent: int) -> bool:
    """Hold an order that must not go on, and tell its source why. False when it is not sending any more.

    An order without a source of its own, such as one of single messages, is let be: nobody could release it.
    """
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if not order.may_send or order.source_id is None:
        return False
    await ledger.move_order(tx, workspace_id=workspace_id, order=order, to=OrderState.HELD)
    await tx.publish(
        OrderHalted(
            workspace_id=workspace_id,
            order_id=order_id,
            source=order.source,
            source_id=order.source_id,
            reason=reason,
            count=count,
            sent=sent,
        )
    )
    return True


async def release(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Let a held order go on. One that came to its end meanwhile is drained now."""
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.state is not OrderState.HELD:
        return
    to = OrderState.RUNNING if order.sealed else OrderState.FILLING
    await ledger.move_order(tx, workspace_id=workspace_id, order=order, to=to)
    await ledger.drain(tx, workspace_id=workspace_id, order_id=order_id)


async def cancel(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Stop an order for good. A job turns what has not left into cancelled messages.

    Raises:
        OrderMissing: there is no such order.
        OrderNotInState: it has drained.
    """
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.state is OrderState.CANCELLED:
        return
    await ledger.move_order(tx, workspace_id=workspace_id, order=order, to=OrderState.CANCELLED)
    await tx.enqueue("intake.cancel", workspace_id=workspace_id, order_id=order_id)


async def cancel_next(tx: Tx, *, workspace_id: int, order_id: int) -> bool:
    """Cancel some of what waits of a cancelled order, and say whether more was found."""
    cancelled = await ledger.cancel_some(
        tx,
        workspace_id=workspace_id,
        order_id=order_id,
        batches=STEP_BATCHES,
        deferrals=STEP_DEFERRALS,
    )
    return cancelled > 0


async def finish_cancel(tx: Tx, *, workspace_id: int, order_id: int) -> bool:
    """Close a cancelled order when nothing of it is left; False while an engine still holds some of it."""
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.state is not OrderState.CANCELLED:
        raise OrderNotInState(state=order.state)
    await ledger.drain(tx, workspace_id=workspace_id, order_id=order_id)
    return await ledger.unfinished_batches(tx, workspace_id=workspace_id, order_id=order_id) == 0


async def order_state(tx: Tx, *, workspace_id: int, order_id: int) -> OrderState:
    return (await ledger.get_order(tx, workspace_id=workspace_id, order_id=order_id)).state


async def counts(tx: Tx, *, workspace_id: int, order_id: int) -> dict[MessageState, int]:
    """Count an order's messages by state, from kept counters."""
    return await ledger.order_counts(tx, workspace_id=workspace_id, order_id=order_id)


async def messages(
    tx: Tx,
    *,
    workspace_id: int,
    order_id: int,
    state: MessageState | None = None,
    after_id: int = 0,
    limit: int = 50,
) -> list[MessageRow]:
    """List an order's messages by id, with what happened to each."""
    return await ledger.order_messages(
        tx, workspace_id=workspace_id, order_id=order_id, state=state, after_id=after_id, limit=limit
    )
