"""Dead letters in the ledger: queue them again as a new attempt, or close them. Why is not known here."""

from collections.abc import Sequence

from mailgenius.engine.ledger import dead, queries
from mailgenius.engine.ledger.dead import (
    count_dead as count_dead,
    dead_letters as dead_letters,
    discard as discard_dead,
    next_dead as next_dead,
    orders_of as orders_of,
)
from mailgenius.engine.ledger.model import OrderState
from mailgenius.kit.db.transaction import Tx

__all__ = ["count_dead", "dead_letters", "discard_dead", "next_dead", "orders_of", "replay_dead"]


async def replay_dead(
    tx: Tx, *, workspace_id: int, messages: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Queue dead messages, given as (message, order), again; return (message, attempt that had failed).

    What is not dead any more, or belongs to a cancelled order, is left out. A drained order runs again until
    its replayed messages have come to their ends.
    """
    of_order: dict[int, list[int]] = {}
    for message_id, order_id in messages:
        of_order.setdefault(order_id, []).append(message_id)
    # All orders first, in one sequence for everybody; then messages, then lanes.
    orders = [
        await queries.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
        for order_id in sorted(of_order)
    ]
    replayed: list[tuple[int, int]] = []
    lanes = set()
    for order in orders:
        if order.state is OrderState.CANCELLED:
            continue
        found = await dead.replay(
            tx,
            workspace_id=workspace_id,
            order_id=order.id,
            batch_state="held" if order.state is OrderState.HELD else "ready",
            message_ids=of_order[order.id],
        )
        if found and order.state is OrderState.DRAINED:
            await dead.reopen_order(tx, workspace_id=workspace_id, order_id=order.id)
        if found:
            lanes.add((order.channel, order.priority))
        replayed += found
    for channel, priority in sorted(lanes):
        await queries.wake_lane(tx, workspace_id=workspace_id, channel=channel, priority=priority)
    return replayed
