"""The rules of connections: what may be set, what stays secret, when one may go.

Settings are split by the provider's own list of fields: secret ones are sealed and never come back. Who may
do this is the doors' business, and how a provider is spoken to that of the channels.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from mailgenius.channels import registry
from mailgenius.channels.contract import (
    Adapter,
    AdapterContext,
    Channel,
    Fault,
    Outcome,
    Provider,
    SendResult,
)
from mailgenius.channels.errors import UnknownProvider
from mailgenius.engine.connections import queries
from mailgenius.engine.connections.checking import cleaned, plan_of, problems_of, raise_problems
from mailgenius.engine.connections.circuits import (
    begin_probe as begin_probe,
    circuits as circuits,
    end_probe as end_probe,
    pause_warm_up as pause_warm_up,
    trip as trip,
    works_again as works_again,
)
from mailgenius.engine.connections.errors import ConnectionArchived, ConnectionInUse, ConnectionNameTaken
from mailgenius.engine.connections.model import (
    Connection,
    Limits,
    OpenConnection,
    Routing,
    WarmUp,
)
from mailgenius.engine.connections.noting import changes_of, note, troubles as troubles
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem

LONGEST_ERROR = 500
CHECK_TIMEOUT = timedelta(seconds=30)
ANY_SENDER = Routing()
NO_WARM_UP = WarmUp()


# Whoever changes where a connection leads types its secrets again: otherwise a person who may edit
# connections, but was never told the password, could have it sent to a server of their own.
_DESTINATION = ("host", "port", "security", "verify_tls")


def providers(channel: Channel | None = None) -> tuple[Provider, ...]:
    """Return the providers that a connection can be made to, in the order a person should see them."""
    return registry.providers(channel)


async def create(
    tx: Tx,
    *,
    workspace_id: int,
    name: str,
    channel: str,
    provider: str,
    settings: Mapping[str, Any],
    limits: Limits,
    keys: Keys,
    routing: Routing = ANY_SENDER,
    warm_up: WarmUp = NO_WARM_UP,
) -> Connection:
    """Make a connection. Nothing is sent and nothing is tried.

    Raises:
        Invalid: a value is wrong; the problems name `name`, `provider`, `settings.<key>`, `limits.<key>`.
        ConnectionNameTaken: another connection has this name.
    """
    name = name.strip()
    kind = _provider(provider, channel)
    given = {key: value for key, value in settings.items() if value is not None}
    routing, warm_up = cleaned(routing), plan_of(warm_up)
    raise_problems(
        problems_of(kind, name=name, settings=given, limits=limits, routing=routing, warm_up=warm_up)
    )
    shown, hidden = _split(kind, given)
    try:
        connection_id = await queries.insert(
            tx,
            workspace_id=workspace_id,
            name=name,
            channel=kind.channel,
            provider=kind.name,
            settings=shown,
            limits=limits,
            routing=routing,
            warm_up=warm_up,
        )
    except UniqueConflict as error:
        raise ConnectionNameTaken from error
    if hidden:
        sealed = _seal(keys, workspace_id, connection_id, hidden)
        await queries.store_secrets(
            tx, workspace_id=workspace_id, connection_id=connection_id, secrets=sealed
        )
    made = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    await note(tx, "connection.created", made, workspace_id=workspace_id, provider=kind.name)
    return made


async def update(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    name: str,
    settings: Mapping[str, Any],
    limits: Limits,
    keys: Keys,
    routing: Routing | None = None,
    warm_up: WarmUp | None = None,
) -> Connection:
    """Change a connection. A secret that is left out or empty stays as it is; None takes it away.

    Its circuit is closed: what was wrong may be mended now. Without a routing or a warm-up, those stay as
    they are; a new plan of warming up begins today.

    Raises:
        Invalid: as in `create`; also when it now leads elsewhere and its secrets were not typed again.
        ConnectionNameTaken, ConnectionMissing, ConnectionArchived: it cannot be changed.
    """
    name = name.strip()
    stored = await queries.lock_secrets(tx, workspace_id=workspace_id, connection_id=connection_id)
    before = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    if before.archived_at is not None:
        raise ConnectionArchived
    kind = _provider(before.provider, before.channel)
    known = _unseal(keys, workspace_id, connection_id, stored)
    kept = _kept(kind, known, settings)
    given = {key: value for key, value in settings.items() if value is not None} | kept
    routing = before.routing if routing is None else cleaned(routing)
    warm_up = before.warm_up if warm_up is None else plan_of(warm_up)
    problems = problems_of(kind, name=name, settings=given, limits=limits, routing=routing, warm_up=warm_up)
    shown, hidden = _split(kind, given)
    if _leads_elsewhere(before.settings, shown):
        problems += [
            Problem(f"settings.{key}", "Type this again, because the connection now leads elsewhere.")
            for key in kept
        ]
    raise_problems(problems)
    try:
        await queries.update(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            name=name,
            settings=shown,
            secrets=_seal(keys, workspace_id, connection_id, hidden) if hidden else None,
            limits=limits,
            routing=routing,
            warm_up=warm_up,
        )
    except UniqueConflict as error:
        raise ConnectionNameTaken from error
    await queries.close_circuit(tx, workspace_id=workspace_id, connection_id=connection_id)
    after = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    details = changes_of(before, after, retyped=known != hidden)
    await note(tx, "connection.changed", after, workspace_id=workspace_id, **details)
    return after


async def get(tx: Tx, *, workspace_id: int, connection_id: int) -> Connection:
    """Return a connection, also an archived one: what was sent through it still names it.

    Raises:
        ConnectionMissing: there is none.
    """
    return await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)


async def list_connections(tx: Tx, *, workspace_id: int) -> list[Connection]:
    """Return the connections that can be used, by name."""
    return await queries.list_live(tx, workspace_id=workspace_id)


async def archive(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    """Take a connection out of use for good and forget its secrets. A second time changes nothing.

    Raises:
        ConnectionInUse: messages wait to be sent through it.
    """
    connection = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    if await queries.has_open_orders(tx, workspace_id=workspace_id, connection_id=connection_id):
        raise ConnectionInUse
    await queries.archive(tx, workspace_id=workspace_id, connection_id=connection_id)
    await note(tx, "connection.archived", connection, workspace_id=workspace_id)


async def adapter_for(
    tx: Tx, *, workspace_id: int, connection_id: int, keys: Keys, home: Path, allow_private_hosts: bool
) -> OpenConnection:
    """Open a connection with its secrets. No I/O yet; the caller closes the adapter."""
    connection = await queries.get(tx, workspace_id=workspace_id, connection_id=connection_id)
    sealed = await queries.secrets(tx, workspace_id=workspace_id, connection_id=connection_id)
    hidden = _unseal(keys, workspace_id, connection_id, sealed)
    context = AdapterContext(
        workspace_id=workspace_id,
        connection_id=connection_id,
        home=home,
        allow_private_hosts=allow_private_hosts,
    )
    adapter = registry.provider(connection.provider).open(connection.settings | hidden, context)
    return OpenConnection(connection=connection, adapter=adapter)


async def check(adapter: Adapter) -> SendResult:
    """Try an open connection and close it. Call outside a transaction: this talks to the provider."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            return await adapter.check()
    except TimeoutError:
        return SendResult(
            outcome=Outcome.DEFERRED, fault=Fault.CONNECTION, reason="The server did not answer in time."
        )
    finally:
        await adapter.close()


async def note_error(tx: Tx, *, workspace_id: int, connection_id: int, error: str) -> None:
    """Remember why a connection does not work, for people to see."""
    await queries.note_error(
        tx, workspace_id=workspace_id, connection_id=connection_id, error=error[:LONGEST_ERROR]
    )


def _provider(name: str, channel: str) -> Provider:
    try:
        kind = registry.provider(name)
    except UnknownProvider as error:
        raise Invalid(problems=[Problem("provider", "There is no such provider.")]) from error
    if kind.channel != channel:
        raise Invalid(problems=[Problem("channel", "This provider does not send over this channel.")])
    return kind


def _split(kind: Provider, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part settings into those that may be shown and those that are sealed. Empty ones are not kept."""
    secret = {field.key for field in kind.fields if field.secret}
    filled = {key: value for key, value in settings.items() if value != ""}
    return (
        {key: value for key, value in filled.items() if key not in secret},
        {key: value for key, value in filled.items() if key in secret},
    )


def _kept(kind: Provider, stored: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored secrets that the change leaves alone."""
    secret = {field.key for field in kind.fields if field.secret}
    return {key: value for key, value in stored.items() if key in secret and settings.get(key, "") == ""}


def _leads_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(str(before.get(key, "")) != str(after.get(key, "")) for key in _DESTINATION)


def _seal(keys: Keys, workspace_id: int, connection_id: int, hidden: Mapping[str, Any]) -> bytes:
    plain = msgspec.json.encode(hidden)
    return keys.box("connections").seal(plain, context=f"{workspace_id}/{connection_id}")


def _unseal(keys: Keys, workspace_id: int, connection_id: int, sealed: bytes | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    plain = keys.box("connections").unseal(bytes(sealed), context=f"{workspace_id}/{connection_id}")
    return msgspec.json.decode(plain, type=dict[str, Any])
