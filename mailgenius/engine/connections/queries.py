"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from mailgenius.engine.connections.errors import ConnectionMissing
from mailgenius.engine.connections.model import Circuit, Connection, Limits, Routing, WarmUp
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value

_SQL = load_queries(__file__)


async def insert(
    tx: Tx,
    *,
    workspace_id: int,
    name: str,
    channel: str,
    provider: str,
    settings: dict[str, Any],
    limits: Limits,
    routing: Routing,
    warm_up: WarmUp,
) -> int:
    found = await tx.value(
        _SQL["insert"],
        workspace_id=workspace_id,
        name=name,
        channel=channel,
        provider=provider,
        settings=json_value(settings),
        per_second=limits.per_second,
        per_minute=limits.per_minute,
        per_hour=limits.per_hour,
        per_day=limits.per_day,
        weight=routing.weight,
        sender_domains=list(routing.sender_domains),
        warm_up_start=warm_up.start,
        warm_up_factor=warm_up.factor,
        warm_up_target=warm_up.target,
    )
    return cast("int", found)


async def store_secrets(tx: Tx, *, workspace_id: int, connection_id: int, secrets: bytes | None) -> None:
    await tx.execute(
        _SQL["store-secrets"], workspace_id=workspace_id, connection_id=connection_id, secrets=secrets
    )


async def update(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    name: str,
    settings: dict[str, Any],
    secrets: bytes | None,
    limits: Limits,
    routing: Routing,
    warm_up: WarmUp,
) -> None:
    await tx.execute(
        _SQL["update"],
        workspace_id=workspace_id,
        connection_id=connection_id,
        name=name,
        settings=json_value(settings),
        secrets=secrets,
        per_second=limits.per_second,
        per_minute=limits.per_minute,
        per_hour=limits.per_hour,
        per_day=limits.per_day,
        weight=routing.weight,
        sender_domains=list(routing.sender_domains),
        warm_up_start=warm_up.start,
        warm_up_factor=warm_up.factor,
        warm_up_target=warm_up.target,
    )


async def get(tx: Tx, *, workspace_id: int, connection_id: int) -> Connection:
    """Return a connection, archived or not.

    Raises:
        ConnectionMissing: there is none.
    """
    return await tx.one(
        Connection,
        _SQL["get"],
        missing=ConnectionMissing,
        workspace_id=workspace_id,
        connection_id=connection_id,
    )


async def list_live(tx: Tx, *, workspace_id: int) -> list[Connection]:
    return await tx.all(Connection, _SQL["list"], workspace_id=workspace_id)


async def lock_secrets(tx: Tx, *, workspace_id: int, connection_id: int) -> bytes | None:
    found = await tx.value(_SQL["lock-secrets"], workspace_id=workspace_id, connection_id=connection_id)
    return cast("bytes | None", found)


async def secrets(tx: Tx, *, workspace_id: int, connection_id: int) -> bytes | None:
    found = await tx.value(_SQL["secrets"], workspace_id=workspace_id, connection_id=connection_id)
    return cast("bytes | None", found)


async def has_open_orders(tx: Tx, *, workspace_id: int, connection_id: int) -> bool:
    found = await tx.value(_SQL["has-open-orders"], workspace_id=workspace_id, connection_id=connection_id)
    return cast("bool", found)


async def archive(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["archive"], workspace_id=workspace_id, connection_id=connection_id)


async def note_error(tx: Tx, *, workspace_id: int, connection_id: int, error: str) -> None:
    await tx.execute(_SQL["note-error"], workspace_id=workspace_id, connection_id=connection_id, error=error)


async def note_ok(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["note-ok"], workspace_id=workspace_id, connection_id=connection_id)


async def trip(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    reason: str,
    waits: Sequence[timedelta],
    asked: timedelta | None,
    pauses_warm_up: bool,
) -> int | None:
    """Return how often in a row it has failed; None when this trouble is known already."""
    found = await tx.value(
        _SQL["trip"],
        workspace_id=workspace_id,
        connection_id=connection_id,
        reason=reason,
        waits=list(waits),
        asked=asked,
        pauses_warm_up=pauses_warm_up,
    )
    return cast("int | None", found)


async def close_circuit(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["close-circuit"], workspace_id=workspace_id, connection_id=connection_id)


async def close_circuit_that_works(
    tx: Tx, *, workspace_id: int, connection_id: int
) -> tuple[int, int] | None:
    """Return its failures in a row and the seconds since the first; None when nothing was to be closed."""
    rows = await tx.rows(
        _SQL["close-circuit-that-works"], workspace_id=workspace_id, connection_id=connection_id
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def begin_probe(tx: Tx, *, workspace_id: int, connection_id: int, probe: timedelta) -> bool:
    found = await tx.value(
        _SQL["begin-probe"], workspace_id=workspace_id, connection_id=connection_id, probe=probe
    )
    return found is not None


async def end_probe(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["end-probe"], workspace_id=workspace_id, connection_id=connection_id)


async def circuits(tx: Tx, *, workspace_id: int | None) -> list[Circuit]:
    return await tx.all(Circuit, _SQL["circuits"], workspace_id=workspace_id)


async def hold_growth(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["hold-growth"], workspace_id=workspace_id, connection_id=connection_id)
