"""Where a bench works: a throw-away installation with a scratch database on this home's server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.scratch import scratch_database
from mailgenius.kit.services import Services
from mailgenius.processes.roles import Role
from mailgenius.processes.services import database_server, open_services
from mailgenius.processes.start import Plan, installation
from mailgenius.product.workspaces import service as workspaces


@dataclass(frozen=True, kw_only=True)
class Room:
    """A throw-away installation with one workspace."""

    services: Services
    workspace_id: int

    @property
    def url(self) -> str:
        return self.services.settings.database_url


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
    """Open a throw-away installation, in which the processes of these roles run as in production."""
    with bench_settings() as settings:
        async with AsyncExitStack() as opened:
            if roles:
                await opened.enter_async_context(installation(settings, Plan(roles=roles), asyncio.Event()))
            services = await opened.enter_async_context(open_services(settings))
            async with services.db.trusted() as tx:
                workspace = await workspaces.create_workspace(tx, name="Bench")
            yield Room(services=services, workspace_id=workspace.id)
