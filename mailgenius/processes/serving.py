"""The HTTP process: Granian in front of the doors that its roles ask for."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from mailgenius.api.app import create_app as create_api, create_probes
from mailgenius.edge.app import create_app as create_edge
from mailgenius.kit import logs
from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.services import Services
from mailgenius.processes.collecting import collect_less
from mailgenius.processes.dispatcher import AsgiApp, Dispatcher, Mount
from mailgenius.processes.lifeline import stop_with_parent
from mailgenius.processes.presence import present
from mailgenius.processes.roles import Child, Role
from mailgenius.processes.services import build_services, database_server, opened
from mailgenius.web.app import create_app as create_web

API_PATHS = ("/api/",)
PROBE_PATHS = ("/healthz", "/readyz", "/metrics")
EDGE_PATHS = ("/o/", "/c/", "/u/", "/v/", "/f/", "/p/", "/hooks/")
HTTP_CONNECTIONS = 20
LAST_ANSWERS_S = 10
"""How long open requests may go on after the order to stop; live streams are cut then."""


def serve(settings: Settings, *, roles: Sequence[Role], host: str, port: int, workers: int) -> None:
    """Serve until a signal says stop. Blocks; must run in the main thread.

    Each worker process builds its services once, in `create_app`.
    """
    with database_server(settings):
        Server(
            "mailgenius",
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            workers=workers,
            websockets=False,
            log_level=LogLevels.warning,
            workers_kill_timeout=LAST_ANSWERS_S,
        ).serve(target_loader=partial(create_app, tuple(roles), os.getpid()), wrap_loader=False)


def create_app(roles: Sequence[Role], parent: int) -> AsgiApp:
    """Build the application of one HTTP worker from the environment. Runs inside the worker."""
    stop_with_parent(parent)
    settings = load_settings()
    logs.configure(settings.log_format, level=settings.log_level)
    app = installation_app(settings, roles)
    collect_less()
    return app


def installation_app(settings: Settings, roles: Sequence[Role]) -> AsgiApp:
    """Build the doors of these roles as one application with its own services."""
    services = build_services(settings, connections=HTTP_CONNECTIONS)

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        async with opened(services):
            with present(settings.home, Child.HTTP):
                yield

    return Dispatcher(doors(services, roles), [resources()])


def doors(services: Services, roles: Sequence[Role]) -> list[Mount]:
    """Return the doors of the roles with their paths. Every HTTP process answers the probes."""
    mounts = []
    if Role.WEB in roles:
        mounts += [
            Mount(app=create_web(services), prefixes=[""]),
            Mount(app=create_api(services), prefixes=[*API_PATHS, *PROBE_PATHS]),
        ]
    else:
        mounts.append(Mount(app=create_probes(services), prefixes=PROBE_PATHS))
    if Role.EDGE in roles:
        mounts.append(Mount(app=create_edge(services), prefixes=EDGE_PATHS))
    return mounts
