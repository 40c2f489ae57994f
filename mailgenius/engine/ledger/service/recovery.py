"""What happens to messages whose engine is gone, and to those whose next attempt is due."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from mailgenius.engine.ledger import outcomes, queries
from mailgenius.engine.ledger.model import Claim, ExpiredLease, Policy, Settlement
from mailgenius.engine.ledger.outcomes import due_orders as due_orders, expired_leases as expired_leases
from mailgenius.engine.ledger.service.orders import drain
from mailgenius.engine.ledger.service.settling import advance
from mailgenius.kit.db.transaction import Tx

__all__ = ["Recovered", "Told", "due_orders", "expired_leases", "recover", "recover_told", "requeue_due"]

LOST = "The engine stopped after the hand-over began; no answer is known."
"""Kept with each message that was inside a window when its engine died."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What is known of the last window of a dead engine, beyond the ledger."""

    claim: Claim
    first_id: int
    last_id: int
    settlements: Sequence[Settlement]
    """What became of the messages that were answered."""
    unanswered: Sequence[int]
    """Messages that were handed over and not answered. The others never left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """What became of a batch whose engine is gone."""

    lost: int
    """Messages that may have been handed over, without a known outcome."""
    repeated: bool
    """They are handed over again; else they are unknown."""


async def recover(
    tx: Tx, *, seen: ExpiredLease, owner: str, lease: timedelta, shard: int
) -> Recovered | None:
    """Account for a batch whose lease ran out; None when it was taken or renewed since it was seen.

    Messages outside the window are queued as before: that is safe. Those inside it may be at the provider:
    they are handed over again only where the provider drops repeats or the order prefers delivery.
    """
    return await _recover(tx, seen=seen, owner=owner, lease=lease, shard=shard, told=None)


async def recover_told(tx: Tx, *, told: Told, owner: str, lease: timedelta, shard: int) -> Recovered | None:
    """Account for a batch whose engine is gone and left word; None when somebody accounted for it before.

    Only messages that were handed over and not answered are as doubtful as in `recover`. Somebody who was
    quicker may have called answered ones unknown: these get their outcomes.
    """
    claim = told.claim
    seen = ExpiredLease(
        workspace_id=claim.workspace_id,
        batch_id=claim.batch_id,
        order_id=claim.order_id,
        owner=claim.owner,
        until=None,
    )
    found = await _recover(tx, seen=seen, owner=owner, lease=lease, shard=shard, told=told)
    if found is None:
        await advance(tx, claim=claim, settlements=told.settlements, following=None, shard=shard)
    return found


async def _recover(
    tx: Tx, *, seen: ExpiredLease, owner: str, lease: timedelta, shard: int, told: Told | None
) -> Recovered | None:
    workspace_id, order_id, batch_id = seen.workspace_id, seen.order_id, seen.batch_id
    order = await queries.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    window = await outcomes.take_expired_lease(tx, seen=seen, owner=owner, lease=lease)
    if window is None:
        return None
    only: Sequence[int] | None = None
    if told is not None:
        # Word of another window is old: that one is settled, and nothing of the open one was handed over.
        fits = (told.first_id, told.last_id) == (window.window_from, window.window_to)
        only = told.unanswered if fits else ()
        if fits:
            taken = replace(told.claim, owner=owner)
            await advance(tx, claim=taken, settlements=told.settlements, following=None, shard=shard)
    repeat = window.deduplicates or order.policy is Policy.PREFER_DELIVERY
    lost = 0
    if window.window_to and (only is None or only):
        lost = await outcomes.abandon_window(
            tx,
            workspace_id=workspace_id,
            order_id=order_id,
            batch_id=batch_id,
            window=window,
            only=only,
            repeat=repeat,
            reason=LOST,
            shard=shard,
        )
    state = await outcomes.give_back_batch(
        tx,
        workspace_id=workspace_id,
        batch_id=batch_id,
        owner=owner,
        may_send=order.may_send,
        faults=0,
        wait=timedelta(0),
    )
    if state == "done":
        await drain(tx, workspace_id=workspace_id, order_id=order_id)
    else:
        await queries.wake_lane(tx, workspace_id=workspace_id, channel=order.channel, priority=order.priority)
    return Recovered(lost=lost, repeated=repeat)


async def requeue_due(tx: Tx, *, workspace_id: int, order_id: int, shard: int) -> int:
    """Queue the due messages of an order again, as one new batch; return how many."""
    order = await queries.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    queued = await outcomes.requeue_due(
        tx,
        workspace_id=workspace_id,
        order_id=order_id,
        batch_state="ready" if order.may_send else "held",
        shard=shard,
    )
    if queued:
        await queries.wake_lane(tx, workspace_id=workspace_id, channel=order.channel, priority=order.priority)
    return queued
