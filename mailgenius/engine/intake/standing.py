"""Standing orders: messages of the same make go into one order that stays open while it is used.

An order for each message would make each as costly as a campaign: its content stored, its links numbered,
its templates compiled. So messages of one key (content, sender, connection, priority) share an order. It is
sealed when nobody used it for a while; the next message of its key opens another.

Claims choose by chance among the open orders of a lane, so their number is bounded: contents beyond the bound
get an order that is sealed at once. Who writes to each in other words had better send data to a template.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.engine.intake import queries, service
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import OrderState
from mailgenius.engine.ledger.service import LockedOrder
from mailgenius.engine.ledger.takings import Taken
from mailgenius.kit.db.transaction import Tx

IDLE = timedelta(minutes=10)
"""A standing order that took nothing for so long is sealed."""
WORN = timedelta(minutes=1)
"""The use of an order is noted at most this often: a note for each message would be one more write."""
LASTS = timedelta(days=1)
"""After so long another order takes its place: its counters grow by the hour, and are read as a whole."""
MOST_STANDING = 300
"""Standing orders of one workspace."""

_FULL = frozenset({OrderState.CANCELLED, OrderState.DRAINED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """Messages of one make. All of them wait for a time of their own, or none does."""

    key: bytes
    """The same for messages that may share an order, and for no others."""
    items: Sequence[Taken]
    open_order: Callable[[], Awaitable[int]]
    """Opens the order of the key when there is none, and returns its id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Slot:
    order: LockedOrder
    lasting: bool


async def take(tx: Tx, *, workspace_id: int, parcels: Sequence[Parcel]) -> list[list[int]]:
    """Take parcels in and return the ids of their messages, in the order given.

    Many callers do this side by side. Orders are locked by key, then messages are written, then lanes are
    woken, so that no two callers wait for each other, nor for an engine.
    """
    slots: dict[bytes, _Slot] = {}
    opens = {parcel.key: parcel.open_order for parcel in parcels}
    for key in sorted(opens):
        slots[key] = await _slot(tx, workspace_id=workspace_id, key=key, open_order=opens[key])
    ids = [
        await ledger.take_messages(
            tx, workspace_id=workspace_id, order=slots[parcel.key].order, items=parcel.items
        )
        for parcel in parcels
    ]
    for slot in slots.values():
        if not slot.lasting:
            await service.seal(tx, workspace_id=workspace_id, order_id=slot.order.id)
    for channel, priority in sorted({(slot.order.channel, slot.order.priority) for slot in slots.values()}):
        await ledger.wake(tx, workspace_id=workspace_id, channel=channel, priority=priority)
    return ids


async def close_idle(tx: Tx, *, workspace_id: int, key: bytes, order_id: int) -> bool:
    """Seal a standing order that nobody used for a while; False when somebody did since."""
    await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if not await queries.forget_idle(tx, workspace_id=workspace_id, key=key, idle=IDLE):
        return False
    await service.seal(tx, workspace_id=workspace_id, order_id=order_id)
    return True


async def idle(tx: Tx, *, limit: int) -> list[tuple[int, bytes, int]]:
    """Return (workspace, key, order) of standing orders that nobody used for a while."""
    return await queries.idle_standing(tx, idle=IDLE, limit=limit)


async def _slot(tx: Tx, *, workspace_id: int, key: bytes, open_order: Callable[[], Awaitable[int]]) -> _Slot:
    """Find the order of a key, or open one. Its row is locked, so nobody seals it before we are done."""
    order = await _standing(tx, workspace_id=workspace_id, key=key)
    if order is not None:
        return _Slot(order=order, lasting=True)
    await queries.lock_key(tx, workspace_id=workspace_id, key=key)
    order = await _standing(tx, workspace_id=workspace_id, key=key)
    if order is not None:
        return _Slot(order=order, lasting=True)
    order_id = await open_order()
    standing = await queries.count_standing(tx, workspace_id=workspace_id, most=MOST_STANDING)
    lasting = standing < MOST_STANDING
    if lasting:
        await queries.put_standing(tx, workspace_id=workspace_id, key=key, order_id=order_id)
    return _Slot(
        order=await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id), lasting=lasting
    )


async def _standing(tx: Tx, *, workspace_id: int, key: bytes) -> LockedOrder | None:
    found = await queries.find_standing(tx, workspace_id=workspace_id, key=key, worn=WORN)
    if found is None:
        return None
    order_id, worn = found
    order = await ledger.lock_order(tx, workspace_id=workspace_id, order_id=order_id)
    if order.sealed or order.state in _FULL:
        return None
    if worn and await queries.touch_standing(tx, workspace_id=workspace_id, key=key, lasts=LASTS):
        await service.seal(tx, workspace_id=workspace_id, order_id=order_id)
        return None
    return order
