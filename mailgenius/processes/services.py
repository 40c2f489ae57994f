"""Builds the services of one process, and holds the database server while they are used."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from mailgenius.engine.ledger import service as ledger
from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.migrations import migrate
from mailgenius.kit.services import Services
from mailgenius.kit.storage import open_storage
from mailgenius.ops import secret_key
from mailgenius.processes.wiring import build_jobs

CONNECTIONS = 10
"""Database connections that one process may open."""


def database_url(settings: Settings) -> str:
    """Return the URL of the database, whether its server runs or not."""
    return settings.database_url or EmbeddedPostgres(settings.home).url


@contextmanager
def database_server(settings: Settings) -> Iterator[str]:
    """Keep the database server in use: the embedded one is started, shared, and stopped by its last user."""
    if not settings.embedded:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.home)
    url = server.acquire()
    try:
        yield url
    finally:
        server.release()


def build_services(settings: Settings, *, connections: int = CONNECTIONS) -> Services:
    """Build what a process works with. The database is not opened yet."""
    keys = Keys(settings.secret_key)
    return Services(
        db=Database(database_url(settings), build_jobs(), keys=keys, max_size=connections),
        settings=settings,
        keys=keys,
        storage=open_storage(settings),
    )


@asynccontextmanager
async def opened(services: Services) -> AsyncIterator[None]:
    """Keep services open inside the block."""
    with database_server(services.settings):
        async with services.db:
            yield


@asynccontextmanager
async def open_services(settings: Settings, *, connections: int = CONNECTIONS) -> AsyncIterator[Services]:
    """Build the services of this process and keep them open inside the block."""
    services = build_services(settings, connections=connections)
    async with opened(services):
        yield services


@asynccontextmanager
async def prepared_services(settings: Settings, *, connections: int = CONNECTIONS) -> AsyncIterator[Services]:
    """Like open_services, on a database brought to this release: for whoever starts or works alone.

    Raises:
        SecretKeyDiffers: the database belongs to another secret key.
    """
    with database_server(settings) as url:
        await asyncio.to_thread(migrate, url)
        async with open_services(settings, connections=connections) as services:
            async with services.db.trusted() as tx:
                await secret_key.ensure_same(tx, keys=services.keys)
                # An installation that slept for months has no partition for today.
                await ledger.ensure_partitions(tx)
            yield services
