"""Fills a table with very many made-up rows: what a bench needs before it can measure. Not for real data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import sql

from mailgenius.kit.db.errors import translated
from mailgenius.kit.db.queries import Query

_BUILDING = "SET maintenance_work_mem = '1GB'; SET synchronous_commit = off"
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
 WHERE schemaname = 'public' AND tablename = %(table)s
   AND indexname NOT IN (SELECT conname FROM pg_constraint)
 ORDER BY indexname
"""


class Run(Protocol):
    """Runs one statement; returns its rows, if it gives any."""

    def __call__(self, query: Query, **parameters: Any) -> list[tuple[Any, ...]]: ...


@contextmanager
def filling(url: str, *, table: str) -> Iterator[Run]:
    """Give a way to run statements while a table has no triggers, and no indexes that no constraint needs.

    The indexes are built again at the end, and the planner is told what the database holds. Statements run as
    the owner of the tables, without row-level security. After a failure, throw the database away.
    """
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(table)
        connection.execute(_BUILDING)
        indexes = connection.execute(_INDEXES, {"table": table}).fetchall()
        for index, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))

        def run(query: Query, **parameters: Any) -> list[tuple[Any, ...]]:
            cursor = connection.execute(query.sql, parameters)
            return cursor.fetchall() if cursor.description else []

        yield run
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
