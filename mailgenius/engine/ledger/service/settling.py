"""Settling: the outcomes of a window and the opening of the next are one fact."""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.ledger import outcomes, queries
from mailgenius.engine.ledger.model import (
    TRANSITIONS,
    Claim,
    MessageState,
    Settled,
    Settlement,
    Window,
)
from mailgenius.engine.ledger.service.orders import drain
from mailgenius.kit.db.transaction import Tx


async def advance(
    tx: Tx, *, claim: Claim, settlements: Sequence[Settlement], following: Window | None, shard: int
) -> Settled:
    """Write the outcomes of the open window and open the following one.

    Nothing may be handed to a provider before the caller has committed. When the lease was lost, the
    following window stays closed, and the outcomes are written only where recovery could not know them.

    Raises:
        ValueError: an outcome is not a step that a sending message may take.
    """
    for item in settlements:
        if item.state not in TRANSITIONS[MessageState.SENDING]:
            raise ValueError(f"A message that is sending cannot become {item.state}.")
    settled = await outcomes.settle_window(
        tx, claim=claim, settlements=settlements, following=following, shard=shard
    )
    if not settled.owned:
        known = [item for item in settlements if _ends_unknown(item)]
        if known:
            await outcomes.settle_late(tx, claim=claim, settlements=known, shard=shard)
    return settled


async def finish(
    tx: Tx,
    *,
    claim: Claim,
    settlements: Sequence[Settlement],
    unsent: int,
    shard: int,
    faults: int = 0,
    wait: timedelta = timedelta(0),
) -> bool:
    """Settle the last window and end the lease; return whether the order has drained by that.

    Args:
        tx: a trusted transaction.
        claim: the lease to end.
        settlements: outcomes of the open window. Messages of it that have none are queued as before.
        unsent: how many messages of the batch were not sent: its lane is not charged for them.
        shard: which shard of the counters to write.
        faults: times in a row that the connection failed this batch.
        wait: how long nobody should claim the batch.
    """
    order = await queries.lock_order(tx, workspace_id=claim.workspace_id, order_id=claim.order_id)
    await advance(tx, claim=claim, settlements=settlements, following=None, shard=shard)
    state = await outcomes.give_back_batch(
        tx,
        workspace_id=claim.workspace_id,
        batch_id=claim.batch_id,
        owner=claim.owner,
        may_send=order.may_send,
        faults=faults,
        wait=wait,
    )
    if state == "done":
        return await drain(tx, workspace_id=claim.workspace_id, order_id=claim.order_id)
    if state is not None:
        await queries.wake_lane(
            tx,
            workspace_id=claim.workspace_id,
            channel=order.channel,
            priority=order.priority,
            unserved=unsent,
        )
    return False


def _ends_unknown(item: Settlement) -> bool:
    return item.state in TRANSITIONS[MessageState.UNKNOWN] and item.state is not MessageState.QUEUED
