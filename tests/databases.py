"""One database a worker, handed from test to test: emptied when that restores it, cloned anew when not.

A clone of the migrated template costs far more than most tests do. So a test gets the database of the test
before, emptied, and only when nothing else than rows changed: another schema, changed seeds, new statistics
or a process that still holds on to it mean that the next test gets a fresh clone.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

PATIENCE_S = 2.0
"""How long the connections of a finished test may take to close before its database is given up."""

_TABLES = """
SELECT quote_ident(relname) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
"""
# A change of any definition writes a row of these catalogs anew; statistics are counted beside them.
_SHAPE = """
SELECT (SELECT (count(*), sum(oid::bigint), sum(xmin::text::bigint))::text FROM pg_class),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_attribute),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_constraint),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_trigger),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_policy),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_proc),
       (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_statistic)
"""
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_SEQUENCES = """
SELECT coalesce(string_agg(format('setval(%L, %s, false)', format('%I.%I', schemaname, sequencename),
                                  start_value), ', '), 'NULL')
  FROM pg_sequences WHERE last_value IS NOT NULL
"""


@dataclass(frozen=True)
class Fresh:
    """What a clone looks like before a test: its tables, the content of those with seeds, and its shape."""

    tables: tuple[str, ...]
    seeds: dict[str, str]
    shape: tuple[str, ...]


class Databases:
    """Hands out one database at a time."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._name: str | None = None
        self._fresh: Fresh | None = None

    def take(self) -> str:
        """Return the URL of a database that looks freshly migrated."""
        if self._name is None or not self._emptied():
            self.discard()
            self._clone()
        return self._url()

    def discard(self) -> None:
        """Drop the database, whoever is connected to it."""
        if self._name is not None:
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._name = None

    def _url(self) -> str:
        return self._server.replace("/mailgenius?", f"/{self._name}?")

    def _clone(self) -> None:
        self._name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self._name} TEMPLATE template")
        with psycopg.connect(self._url(), autocommit=True) as connection:
            tables = tuple(name for (name,) in connection.execute(_TABLES).fetchall())
            seeded = _filled(connection, tables)
            seeds = {table: _content(connection, table) for table in seeded}
            self._fresh = Fresh(tables, seeds, _shape(connection))

    def _emptied(self) -> bool:
        """Delete what the test before wrote; false when the database would still differ from a clone."""
        fresh = self._fresh
        assert fresh is not None
        try:
            with psycopg.connect(self._url(), autocommit=True) as connection:
                if not _left_alone(connection) or _shape(connection) != fresh.shape:
                    return False
                if any(_content(connection, table) != content for table, content in fresh.seeds.items()):
                    return False
                with connection.transaction():
                    # Neither foreign keys nor triggers matter when everything goes.
                    connection.execute("SET LOCAL session_replication_role = replica")
                    for table in _filled(
                        connection, [each for each in fresh.tables if each not in fresh.seeds]
                    ):
                        connection.execute(f"DELETE FROM {table}")
                    (again,) = connection.execute(_SEQUENCES).fetchone() or ("NULL",)
                    connection.execute(f"SELECT {again}")
                return True
        except psycopg.OperationalError:
            return False  # The test closed its database to connections, or a crash of its server did.


def _left_alone(connection: psycopg.Connection) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if connection.execute(_OTHERS).fetchone() == (0,):
            return True
        time.sleep(0.01)
    return False


def _shape(connection: psycopg.Connection) -> tuple[str, ...]:
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return tuple(row)


def _filled(connection: psycopg.Connection, tables: Sequence[str]) -> list[str]:
    """Return those tables that hold rows."""
    looks = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table})").format(
            name=sql.Literal(table), table=sql.SQL(table)
        )
        for table in tables
    )
    return [name for (name,) in connection.execute(looks).fetchall()]


def _content(connection: psycopg.Connection, table: str) -> str:
    query = f"SELECT coalesce(md5(string_agg(each::text, '|' ORDER BY each::text)), '') FROM {table} each"
    row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])
