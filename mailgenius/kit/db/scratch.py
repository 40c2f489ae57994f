"""A database to throw away, and the pace of a plain COPY in it: what benches measure against."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from mailgenius.kit.db.errors import translated
from mailgenius.kit.db.migrations import migrate

COPIED = sql.Identifier("copied")


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Make a migrated database on the server of `url`, give its URL, and drop it at the end."""
    name = f"mailgenius_scratch_{token_hex(4)}"
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        scratch = make_conninfo(url, dbname=name)
        migrate(scratch)
        yield scratch
    finally:
        with translated(), psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def time_plain_copy(
    url: str, *, table: str, columns: Sequence[str], streams: Sequence[Iterable[bytes]]
) -> float:
    """Return the seconds that a plain COPY takes into a table with the columns and indexes of `table`.

    One connection for each stream of COPY text, all at once: as fast as rows can get into such a table here.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        like = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(COPIED, sql.Identifier(table))
        await connection.execute(like)
        started = time.perf_counter()
        await asyncio.gather(*(_copy(url, columns, stream) for stream in streams))
        seconds = time.perf_counter() - started
        await connection.execute(sql.SQL("DROP TABLE {}").format(COPIED))
    return seconds


async def time_plain_update(url: str, *, table: str, column: str, value: object) -> float:
    """Return the seconds of one UPDATE that gives a column of every row the same value, with its triggers."""
    statement = sql.SQL("UPDATE {} SET {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    async with await psycopg.AsyncConnection.connect(url) as connection:
        started = time.perf_counter()
        await connection.execute(statement, (value,))
        await connection.commit()
        return time.perf_counter() - started


async def _copy(url: str, columns: Sequence[str], stream: Iterable[bytes]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        COPIED, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with (
        await psycopg.AsyncConnection.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for chunk in stream:
            await copy.write(chunk)
