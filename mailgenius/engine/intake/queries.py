"""Intake's own statements, one typed function each: standing orders."""

from datetime import timedelta

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def find_standing(tx: Tx, *, workspace_id: int, key: bytes, worn: timedelta) -> tuple[int, bool] | None:
    """Return the order of a key, and whether its use should be noted again."""
    rows = await tx.rows(_SQL["find-standing-order"], workspace_id=workspace_id, key=key, worn=worn)
    return (rows[0][0], rows[0][1]) if rows else None


async def lock_key(tx: Tx, *, workspace_id: int, key: bytes) -> None:
    await tx.rows(_SQL["lock-key"], workspace_id=workspace_id, key=key)


async def count_standing(tx: Tx, *, workspace_id: int, most: int) -> int:
    count: int = await tx.value(_SQL["count-standing-orders"], workspace_id=workspace_id, most=most)
    return count


async def put_standing(tx: Tx, *, workspace_id: int, key: bytes, order_id: int) -> None:
    await tx.execute(_SQL["put-standing-order"], workspace_id=workspace_id, key=key, order_id=order_id)


async def touch_standing(tx: Tx, *, workspace_id: int, key: bytes, lasts: timedelta) -> bool:
    """Return whether its order was opened longer ago than an order lasts."""
    old: bool = await tx.value(_SQL["touch-standing-order"], workspace_id=workspace_id, key=key, lasts=lasts)
    return old


async def idle_standing(tx: Tx, *, idle: timedelta, limit: int) -> list[tuple[int, bytes, int]]:
    """Return (workspace, key, order) of each."""
    rows = await tx.rows(_SQL["idle-standing-orders"], idle=idle, limit=limit)
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


async def forget_idle(tx: Tx, *, workspace_id: int, key: bytes, idle: timedelta) -> bool:
    return await tx.execute(_SQL["forget-idle-order"], workspace_id=workspace_id, key=key, idle=idle) > 0
