"""Circuits: which connections are left alone because they do not work, for all engines to know.

Closed is no row. Open: nothing is sent until a moment. Half-open: one engine tries one small window.
"""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.engine.connections import queries
from mailgenius.engine.connections.model import Circuit
from mailgenius.kit.db.transaction import Tx

LONGEST_REASON = 500
PROBE = timedelta(seconds=60)
"""How long one engine may take to try a connection before another may."""


async def trip(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    reason: str,
    waits: Sequence[timedelta],
    asked: timedelta | None = None,
) -> None:
    """Let every engine leave a connection alone that failed as a whole, and remember why for people to see.

    Args:
        tx: a trusted transaction.
        workspace_id: whose connection it is.
        connection_id: the connection.
        reason: what it said.
        waits: how long, by how often in a row it failed.
        asked: how long its peer asked for; that is honoured instead.
    """
    await queries.note_error(
        tx, workspace_id=workspace_id, connection_id=connection_id, error=reason[:LONGEST_REASON]
    )
    await queries.trip(
        tx,
        workspace_id=workspace_id,
        connection_id=connection_id,
        reason=reason[:LONGEST_REASON],
        waits=waits,
        asked=asked,
    )


async def pause_warm_up(
    tx: Tx, *, workspace_id: int, connection_id: int, reason: str, wait: timedelta
) -> None:
    """Leave a connection that warms up alone, and let it grow a day later than planned."""
    await queries.hold_growth(tx, workspace_id=workspace_id, connection_id=connection_id)
    await trip(
        tx,
        workspace_id=workspace_id,
        connection_id=connection_id,
        reason=reason,
        waits=[wait],
        asked=wait,
    )


async def begin_probe(tx: Tx, *, workspace_id: int, connection_id: int) -> bool:
    """Say whether the caller may try a connection whose rest is over: one engine may, for a while."""
    return await queries.begin_probe(tx, workspace_id=workspace_id, connection_id=connection_id, probe=PROBE)


async def end_probe(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    """End a trial that said nothing of the connection: its messages were at fault, or did not leave."""
    await queries.end_probe(tx, workspace_id=workspace_id, connection_id=connection_id)


async def circuits(tx: Tx, *, workspace_id: int | None = None) -> list[Circuit]:
    """List the connections that do not work at the moment, of one workspace or of all."""
    return await queries.circuits(tx, workspace_id=workspace_id)
