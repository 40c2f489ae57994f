"""Where a bench works: a throw-away installation with a scratch database on this home's server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.scratch import scratch_database
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Role
from mailgenius.processes.services import database_server, open_services
from mailgenius.processes.start import Installation, Plan, installation
from mailgenius.product.workspaces import service as workspaces


@dataclass(frozen=True, kw_only=True)
class Room:
    """A throw-away installation with one workspace; its background processes run as in production."""

    services: Services
    workspace_id: int
    installation: Installation

    @property
    def url(self) -> str:
        return self.services.settings.database_url

    @property
    def folder(self) -> Path:
        return self.services.settings.home


@contextmanager
def bench_settings() -> Iterator[Settings]:
    """Give settings of an installation of its own, on this home's database server."""
    own = load_settings()
    with (
        database_server(own) as url,
        scratch_database(url) as scratch,
        TemporaryDirectory(dir=own.home, prefix="bench-") as folder,
    ):
        yield load_settings({"MAILGENIUS_HOME": folder, "MAILGENIUS_DATABASE_URL": scratch})


@asynccontextmanager
async def room(*roles: Role) -> AsyncIterator[Room]:
    """Start the processes of some roles in a throw-away installation."""
    with bench_settings() as settings:
        async with (
            installation(settings, Plan(roles=roles), asyncio.Event()) as running,
            open_services(settings) as services,
        ):
            async with services.db.trusted() as tx:
                workspace = await workspaces.create_workspace(tx, name="Bench")
            yield Room(services=services, workspace_id=workspace.id, installation=running)
