"""The ledger's statements that settle, end, recover and cancel; one typed function each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from mailgenius.engine.ledger.model import (
    BATCH_SIZE,
    Claim,
    ExpiredLease,
    OrderState,
    Settled,
    Settlement,
    Window,
)
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
_NO_WINDOW = Window(first_id=0, last_id=0, size=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenWindow:
    """The marker of a batch whose engine is gone."""

    window_from: int
    window_to: int
    deduplicates: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moved:
    order_state: OrderState
    opened: bool


async def settle_window(
    tx: Tx, *, claim: Claim, settlements: Sequence[Settlement], following: Window | None, shard: int
) -> Settled:
    window = following or _NO_WINDOW
    moved = await tx.first(
        _Moved,
        _SQL["settle-window"],
        workspace_id=claim.workspace_id,
        order_id=claim.order_id,
        batch_id=claim.batch_id,
        owner=claim.owner,
        shard=shard,
        settlements=_json(settlements),
        settle_first=min((item.id for item in settlements), default=0),
        settle_last=max((item.id for item in settlements), default=0),
        next_first=window.first_id,
        next_last=window.last_id,
        next_size=window.size,
        deduplicates=window.deduplicates,
    )
    if moved is None:
        return Settled(owned=False, opened=False, order_state=None)
    return Settled(owned=True, opened=moved.opened, order_state=moved.order_state)


async def settle_late(tx: Tx, *, claim: Claim, settlements: Sequence[Settlement], shard: int) -> int:
    ended: int = await tx.value(
        _SQL["settle-late"],
        workspace_id=claim.workspace_id,
        order_id=claim.order_id,
        batch_id=claim.batch_id,
        shard=shard,
        settlements=_json(settlements),
    )
    return ended


async def give_back_batch(
    tx: Tx, *, workspace_id: int, batch_id: int, owner: str, may_send: bool, faults: int, wait: timedelta
) -> str | None:
    """Return the state the batch is in now; None when the lease was not ours any more."""
    state: str | None = await tx.value(
        _SQL["give-back-batch"],
        workspace_id=workspace_id,
        batch_id=batch_id,
        owner=owner,
        may_send=may_send,
        faults=faults,
        wait=wait,
    )
    return state


async def renew_leases(
    tx: Tx, *, workspace_id: int, batch_ids: Sequence[int], owners: Sequence[str], lease: timedelta
) -> int:
    return await tx.execute(
        _SQL["renew-leases"],
        workspace_id=workspace_id,
        batch_ids=list(batch_ids),
        owners=list(owners),
        lease=lease,
    )


async def other_engines(tx: Tx, *, engine: str) -> int:
    found: int = await tx.value(_SQL["other-engines"], engine=engine)
    return found


async def expired_leases(tx: Tx, *, lease: timedelta, limit: int) -> list[ExpiredLease]:
    return await tx.all(ExpiredLease, _SQL["expired-leases"], lease=lease, limit=limit)


async def take_expired_lease(
    tx: Tx, *, seen: ExpiredLease, owner: str, lease: timedelta
) -> OpenWindow | None:
    return await tx.first(
        OpenWindow,
        _SQL["take-expired-lease"],
        workspace_id=seen.workspace_id,
        batch_id=seen.batch_id,
        seen_owner=seen.owner,
        seen_until=seen.until,
        owner=owner,
        lease=lease,
    )


async def abandon_window(
    tx: Tx,
    *,
    workspace_id: int,
    order_id: int,
    batch_id: int,
    window: OpenWindow,
    only: Sequence[int] | None,
    repeat: bool,
    reason: str,
    shard: int,
) -> int:
    lost: int = await tx.value(
        _SQL["abandon-window"],
        workspace_id=workspace_id,
        order_id=order_id,
        batch_id=batch_id,
        window_from=window.window_from,
        window_to=window.window_to,
        only=None if only is None else list(only),
        repeat=repeat,
        reason=reason,
        shard=shard,
    )
    return lost


async def due_orders(tx: Tx, *, limit: int) -> list[tuple[int, int]]:
    """Return (workspace, order) of each."""
    return [(row[0], row[1]) for row in await tx.rows(_SQL["due-orders"], limit=limit)]


async def requeue_due(tx: Tx, *, workspace_id: int, order_id: int, batch_state: str, shard: int) -> int:
    queued: int = await tx.value(
        _SQL["requeue-due"],
        workspace_id=workspace_id,
        order_id=order_id,
        batch_state=batch_state,
        batch_size=BATCH_SIZE,
        shard=shard,
    )
    return queued


async def cancel_batches(tx: Tx, *, workspace_id: int, order_id: int, limit: int) -> int:
    picked: int = await tx.value(
        _SQL["cancel-batches"], workspace_id=workspace_id, order_id=order_id, limit=limit
    )
    return picked


async def cancel_deferrals(tx: Tx, *, workspace_id: int, order_id: int, limit: int) -> int:
    dropped: int = await tx.value(
        _SQL["cancel-deferrals"], workspace_id=workspace_id, order_id=order_id, limit=limit
    )
    return dropped


def _json(settlements: Sequence[Settlement]) -> str:
    return msgspec.json.encode(settlements).decode()
