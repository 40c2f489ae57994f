"""The real thing for every test: one embedded PostgreSQL a run, a database as good as new for each."""

import fcntl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from mailgenius.kit import crypto
from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.migrations import migrate
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext, Jobs
from mailgenius.kit.services import Services
from mailgenius.kit.storage import open_storage
from mailgenius.processes.wiring import build_jobs
from tests.databases import Databases
from tests.stores import storage_url

NEW_WORKSPACE = Query("new", "A workspace.", "INSERT INTO workspaces (name) VALUES (%(name)s) RETURNING id")


@pytest.fixture(scope="session")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of the run: they share its server as processes of one home do."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "popen" in base.name else base) / "server"


@pytest.fixture(scope="session")
def server(server_home: Path) -> Iterator[str]:
    """The URL of a running server, without its database name's meaning: clones are made beside it."""
    postgres = EmbeddedPostgres(server_home, shared_buffers_mib=256)
    url = postgres.acquire()
    with (server_home / "template.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        with psycopg.connect(url, autocommit=True) as connection:
            made = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'template'").fetchone()
            if not made:
                # A crash of a process loses nothing without fsync; only a power cut does, which no test has.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("CREATE DATABASE building")
                migrate(url.replace("/mailgenius?", "/building?"))
                connection.execute("ALTER DATABASE building RENAME TO template")
    yield url
    postgres.release()


@pytest.fixture(scope="session")
def databases(server: str) -> Iterator[Databases]:
    """This worker's databases, one at a time."""
    handed_out = Databases(server)
    yield handed_out
    handed_out.discard()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A migrated database without rows, this test's own."""
    return databases.take()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """The same hash at the least cost: hundreds of tests sign somebody in."""
    crypto._passwords = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def jobs() -> Jobs:
    return build_jobs()


@pytest.fixture
async def db(database_url: str, jobs: Jobs, keys: Keys) -> AsyncIterator[Database]:
    async with Database(database_url, jobs, keys=keys, max_size=8) as database:
        yield database


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, secret_key=b"k" * 32, storage_url=storage_url())


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.secret_key)


@pytest.fixture
def services(db: Database, settings: Settings, keys: Keys) -> Services:
    return Services(db=db, settings=settings, keys=keys, storage=open_storage(settings))


@pytest.fixture
def context(services: Services) -> JobContext:
    """What a job is given."""
    return JobContext(db=services.db, settings=services.settings, storage=services.storage)


@pytest.fixture
async def workspace_id(db: Database) -> int:
    async with db.trusted() as tx:
        return await tx.value(NEW_WORKSPACE, name="Ours")


@pytest.fixture
async def other_workspace_id(db: Database) -> int:
    """A second tenant: whatever a test does in the first must neither show nor change here."""
    async with db.trusted() as tx:
        return await tx.value(NEW_WORKSPACE, name="Theirs")
