"""The statements of pacing, one typed function each."""

from datetime import timedelta

from mailgenius.engine.pacing.model import Grant, Pace
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def open_bucket(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["open-bucket"], workspace_id=workspace_id, connection_id=connection_id)


async def take_tokens(
    tx: Tx, *, workspace_id: int, connection_id: int, pace: Pace, wanted: int, soon: timedelta
) -> Grant | None:
    """Return None when the connection has no bucket yet."""
    rows = await tx.rows(
        _SQL["take-tokens"],
        workspace_id=workspace_id,
        connection_id=connection_id,
        per_second=pace.per_second,
        per_day=pace.per_day,
        wanted=wanted,
        soon=soon,
    )
    return Grant(count=rows[0][0], wait=timedelta(seconds=max(0.0, rows[0][1]))) if rows else None


async def return_tokens(tx: Tx, *, workspace_id: int, connection_id: int, count: int) -> None:
    await tx.execute(
        _SQL["return-tokens"], workspace_id=workspace_id, connection_id=connection_id, count=count
    )
