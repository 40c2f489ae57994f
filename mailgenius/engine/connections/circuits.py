"""Circuits: which connections are left alone because they do not work, for all engines to know.

Closed is no row. Open: nothing is sent until a moment. Half-open: one engine tries one small window.
Opening and closing stand in the audit log, so that people see later when and why it was.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from mailgenius.engine.connections import queries
from mailgenius.engine.connections.model import Circuit
from mailgenius.engine.connections.noting import note, noted_lately
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import SYSTEM

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
    failures = await queries.trip(
        tx,
        workspace_id=workspace_id,
        connection_id=connection_id,
        reason=reason[:LONGEST_REASON],
        waits=waits,
        asked=asked,
        pauses_warm_up=False,
    )
    if failures == 1:
        await _note_unless_lately(
            tx, "connection.left_alone", workspace_id=workspace_id, connection_id=connection_id, reason=reason
        )


async def works_again(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    """Forget the trouble of a connection that was seen to work. Cheap when there was none."""
    await queries.note_ok(tx, workspace_id=workspace_id, connection_id=connection_id)
    closed = await queries.close_circuit_that_works(
        tx, workspace_id=workspace_id, connection_id=connection_id
    )
    if closed is not None:
        failures, seconds = closed
        await _note_unless_lately(
            tx,
            "connection.works_again",
            workspace_id=workspace_id,
            connection_id=connection_id,
            failures=failures,
            seconds=seconds,
        )


async def pause_warm_up(
    tx: Tx, *, workspace_id: int, connection_id: int, reason: str, wait: timedelta
) -> bool:
    """Leave a connection that warms up alone, and let it grow a day later than planned.

    Returns:
        False when it is paused already: then nothing changes, and it grows no later than it does.
    """
    on = {"workspace_id": workspace_id, "connection_id": connection_id}
    tripped = await queries.trip(tx, **on, reason=reason, waits=[wait], asked=wait, pauses_warm_up=True)
    if tripped is None:
        return False
    await queries.note_error(tx, **on, error=reason)
    await queries.hold_growth(tx, **on)
    # Also when somebody's report of a bounce was the last drop: it is the rule that pauses it.
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="connection.warm_up_paused",
        object_id=connection_id,
        name=(await queries.get(tx, **on)).name,
        details={"reason": reason},
        by=SYSTEM,
    )
    return True


async def begin_probe(tx: Tx, *, workspace_id: int, connection_id: int) -> bool:
    """Say whether the caller may try a connection whose rest is over: one engine may, for a while."""
    return await queries.begin_probe(tx, workspace_id=workspace_id, connection_id=connection_id, probe=PROBE)


async def end_probe(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    """End a trial that said nothing of the connection: its messages were at fault, or did not leave."""
    await queries.end_probe(tx, workspace_id=workspace_id, connection_id=connection_id)


async def circuits(tx: Tx, *, workspace_id: int | None = None) -> list[Circuit]:
    """List the connections that do not work at the moment, of one workspace or of all."""
    return await queries.circuits(tx, workspace_id=workspace_id)


async def _note_unless_lately(
    tx: Tx, action: str, /, *, workspace_id: int, connection_id: int, **details: Any
) -> None:
    """Note what became of a connection. One that comes and goes all the time does not fill the log."""
    if await noted_lately(tx, action, workspace_id=workspace_id, connection_id=connection_id):
        return
    connection = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    await note(tx, action, connection, workspace_id=workspace_id, **details)
