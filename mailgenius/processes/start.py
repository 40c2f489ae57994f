"""Starts an installation: database, migrations, the first owner, then the child processes, supervised."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from mailgenius.kit.config import Settings, with_port
from mailgenius.kit.errors import Unavailable
from mailgenius.processes.address import remember, with_remembered
from mailgenius.processes.roles import Child, Role, children_of
from mailgenius.processes.scaler import Scaler
from mailgenius.processes.scaling import Span, parse_span
from mailgenius.processes.services import build_services, database_server, prepared_services
from mailgenius.processes.supervisor import ChildCommand, Supervisor
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import FirstOwner

FIRST_OWNER_EMAIL = "owner@localhost"
READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.1


class PortTaken(Unavailable):
    """Port {port} of {host} is in use by another program. Stop that one, or choose another with --port."""


class AddressUnusable(Unavailable):
    """The server cannot listen on {host}, port {port}: {detail}. Choose another with --host and --port."""


class NotReady(Unavailable):
    """The pages did not answer at {address} in time. The lines above say why."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which roles to play, and where to listen."""

    roles: Sequence[Role] = tuple(Role)
    host: str = "127.0.0.1"
    port: int = 8000
    http_workers: int = 1
    engines: Span = field(default_factory=lambda: parse_span(""))


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A running installation, as the command that started it sees it."""

    settings: Settings
    address: str | None
    """Where a browser on this machine finds it; None without an HTTP role."""
    first_owner: FirstOwner | None
    supervisor: Supervisor
    running: asyncio.Task[None]
    """Ends when the installation has stopped."""


@asynccontextmanager
async def installation(settings: Settings, plan: Plan, stop: asyncio.Event) -> AsyncIterator[Installation]:
    """Start an installation and keep it running inside the block; leave the block or set `stop` to end it.

    Raises:
        PortTaken: something listens there already.
        NotReady: it did not answer in time.
    """
    children = children_of(plan.roles)
    address = None
    if Child.HTTP in children:
        check_port(plan.host, plan.port)
        settings = with_port(settings, plan.port)
        remember(settings)
        address = _local_address(plan)
    else:
        settings = with_remembered(settings)
    with database_server(settings):
        async with prepared_services(settings, connections=1) as services, services.db.trusted() as tx:
            first_owner = await workspaces.ensure_owner(tx, email=FIRST_OWNER_EMAIL)
        supervisor = Supervisor(
            [
                _command(child, settings, plan, number)
                for child in children
                for number in range(1, plan.engines.fewest + 1 if child is Child.ENGINE else 2)
            ]
        )
        running = asyncio.create_task(_supervise(supervisor, settings, plan, stop))
        try:
            if address:
                await _ready(address, running, stop)
            yield Installation(
                settings=settings,
                address=address,
                first_owner=first_owner,
                supervisor=supervisor,
                running=running,
            )
        finally:
            stop.set()
            await running


async def _supervise(supervisor: Supervisor, settings: Settings, plan: Plan, stop: asyncio.Event) -> None:
    """Keep the children alive until `stop`, and as many engines as there should be."""
    if Role.ENGINE not in plan.roles or plan.engines.fewest == plan.engines.most:
        await supervisor.run(stop)
        return
    services = build_services(settings, connections=1)
    scaler = Scaler(
        services.db,
        supervisor,
        command=lambda number: _command(Child.ENGINE, settings, plan, number),
        span=plan.engines,
    )
    async with services.db:
        scaling = asyncio.create_task(scaler.run(stop))
        try:
            await supervisor.run(stop)
        finally:
            await scaling


def check_port(host: str, port: int) -> None:
    """See that nobody listens there.

    The HTTP server itself would share the port with another one of its kind without a word.

    Raises:
        PortTaken: somebody does.
        AddressUnusable: this machine cannot listen there at all.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host=host, port=port) from error
            raise AddressUnusable(host=host, port=port, detail=error.strerror) from error


def _command(child: Child, settings: Settings, plan: Plan, number: int) -> ChildCommand:
    """Return how to start a child; the number tells several of a kind apart."""
    return ChildCommand(
        name=child if number == 1 else f"{child} {number}",
        command=[
            sys.executable, "-P", "-m", "mailgenius.processes", child, "--parent", str(os.getpid()),
            "--roles", ",".join(plan.roles), "--host", plan.host, "--port", str(plan.port),
            "--http-workers", str(plan.http_workers),
        ],
        environment={
            "MAILGENIUS_HOME": str(settings.home),
            "MAILGENIUS_DATABASE_URL": settings.database_url,
            "MAILGENIUS_BASE_URL": settings.base_url,
        },
    )  # fmt: skip


def _local_address(plan: Plan) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(plan.host, plan.host)  # noqa: S104  # Compared, not bound.
    return f"http://{host}:{plan.port}"


async def _ready(address: str, running: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait until the HTTP process answers anything but a server error, or an order to stop comes first."""
    import aiohttp  # noqa: PLC0415  # Every command loads this module, and few start an installation.

    deadline = time.monotonic() + READY_WITHIN_S
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        while time.monotonic() < deadline and not running.done():
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with client.get(f"{address}/healthz", allow_redirects=False) as response:
                    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        return
            await asyncio.sleep(LOOK_EVERY_S)
            if stop.is_set():
                return
    raise NotReady(address=address)
