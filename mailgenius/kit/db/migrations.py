"""Brings a database to this release: Procrastinate's tables, then our files, each in its own transaction.

Runs under an advisory lock, so that many processes may start at once; a file that was applied is never
applied again and must not have changed since.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import procrastinate.schema
import psycopg
from psycopg import sql

from mailgenius.kit.db.database import DOOR_ROLE, ENGINE_ROLE
from mailgenius.kit.db.errors import translated
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

MINIMUM_SERVER = 150000
LOCK_KEY = 7_245_106_339
_FILE = re.compile(r"^(\d{4})_(pre|post)_([a-z0-9_]+)\.sql$")

log = logger(__name__)


class ServerTooOld(Unavailable):
    """PostgreSQL {found} is too old: version 15 or later is needed."""


class MigrationChanged(Unavailable):
    """Migration {name} was applied in another form. Restore its file; never edit an applied migration."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file, in order of its number."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_migrations() -> list[Migration]:
    """Return the migrations of this release, sorted."""
    found = []
    for entry in resources.files("mailgenius.migrations").iterdir():
        match = _FILE.match(entry.name)
        if match:
            found.append(Migration(int(match[1]), entry.name, entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate(url: str) -> list[str]:
    """Apply what is missing and return the names applied. Safe to call from many processes at once."""
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        if connection.info.server_version < MINIMUM_SERVER:
            raise ServerTooOld(found=connection.info.server_version // 10000)
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        try:
            return _apply(connection, find_migrations())
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))


def server_version(url: str) -> int:
    """Return the version of the server as PostgreSQL counts it, such as 180001."""
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        return connection.info.server_version


def pending(url: str) -> list[str]:
    """Return the names of the migrations that a database lacks."""
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        done = _applied(connection)
        return [migration.name for migration in find_migrations() if migration.name not in done]


def _apply(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = _applied(connection)
    applied = []
    for migration in migrations:
        if migration.name in done:
            if done[migration.name] != migration.checksum:
                raise MigrationChanged(name=migration.name)
            continue
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '10s'")
            connection.execute(sql.SQL(migration.text))
            connection.execute(
                "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
        applied.append(migration.name)
        log.info("migration applied", name=migration.name)
    _install_jobs(connection)
    return applied


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    if connection.execute("SELECT to_regclass('public.schema_migrations')").fetchone() == (None,):
        return {}
    return dict(connection.execute("SELECT name, checksum FROM schema_migrations").fetchall())


def _install_jobs(connection: psycopg.Connection) -> None:
    """Install Procrastinate's tables when they are missing, and let both roles write jobs."""
    if connection.execute("SELECT to_regclass('public.procrastinate_jobs')").fetchone() != (None,):
        return
    with connection.transaction():
        connection.execute(procrastinate.schema.SchemaManager.get_schema())
        roles = sql.SQL(", ").join(map(sql.Identifier, (DOOR_ROLE, ENGINE_ROLE)))
        tables = connection.execute(
            "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname LIKE 'procrastinate%' AND relkind IN ('r', 'S')"
        ).fetchall()
        for name, kind in tables:
            grant = (
                "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}"
                if kind == "r"
                else "GRANT USAGE ON {} TO {}"
            )
            target = (
                sql.Identifier(name) if kind == "r" else sql.SQL("SEQUENCE {}").format(sql.Identifier(name))
            )
            connection.execute(sql.SQL(grant).format(target, roles))
