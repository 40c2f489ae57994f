"""The pool, and the two ways to open a transaction.

`tenant(workspace_id)` runs as the door's role under row-level security: it sees one workspace and nothing
else, even when a statement forgets its filter. `trusted()` runs as the engine's role, which row-level
security lets through: for search, segments, the engine and whatever spans workspaces. A test proves that
every statement on a tenant table names `workspace_id` all the same.

The role and the tenant are set for the transaction only, so this works behind a pooler in transaction mode.
"""

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any, Self

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.arrays import write_lists_quickly
from mailgenius.kit.db.errors import DatabaseUnavailable, TransactionFailed, translated
from mailgenius.kit.db.transaction import JobWriter, Tx
from mailgenius.kit.doers import SYSTEM, Doer

# JSON columns are read on hot paths: merge data of every message. This decoder is several times faster.
set_json_loads(msgspec.json.decode)

DOOR_ROLE = "mailgenius_door"
ENGINE_ROLE = "mailgenius_engine"
DOOR_TIMEOUT = timedelta(seconds=20)
TRUSTED_TIMEOUT = timedelta(minutes=10)
TURN, TURNS = timedelta(seconds=5), 3
"""How long one try for a connection waits, and how many there are before the database counts as away."""
GIVE_UP = timedelta(seconds=4)
"""When the pool stops asking for a lost connection. It doubles its pauses until then, so after a long outage
it would find the server back only as much later again; a new try begins afresh."""
_MILLISECOND = timedelta(milliseconds=1)
OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)

# One text without parameters: it begins a transaction in one round trip, where BEGIN and a SELECT take two.
_BEGIN = "BEGIN; SET LOCAL ROLE {}; SET LOCAL app.workspace_id = '{}'; SET LOCAL statement_timeout = {}"


class Database:
    """Opens transactions. One per process; `open` before use and `close` at the end."""

    def __init__(
        self, url: str, jobs: JobWriter, *, keys: Keys | None = None, min_size: int = 1, max_size: int = 10
    ) -> None:
        self.url = url
        self._jobs = jobs
        self._keys = keys
        self._by = SYSTEM
        self._answerable = False
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=min_size,
            max_size=max_size,
            timeout=TURN.total_seconds(),
            reconnect_timeout=GIVE_UP.total_seconds(),
            open=False,
            configure=write_lists_quickly,
            # The driver begins nothing by itself: `_BEGIN` does.
            kwargs={"autocommit": True, "application_name": "mailgenius"},
        )

    def acting(self, by: Doer, *, answerable: bool = False) -> Self:
        """Return this database, whose transactions are somebody's from here on. The pool stays the same one.

        Args:
            by: who acts; the audit log names them.
            answerable: a transaction that changes something and leaves no entry in that log is refused.
        """
        mine = copy.copy(self)
        mine._by, mine._answerable = by, answerable  # noqa: SLF001  # Its own class.
        return mine

    async def open(self) -> None:
        """Start the pool without waiting for the server, which may be on its way."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def tenant(self, workspace_id: int, *, limit: timedelta = DOOR_TIMEOUT) -> AsyncIterator[Tx]:
        """Open a transaction held to one workspace. Commits at the end; rolls back on any error."""
        async with self._transaction(DOOR_ROLE, workspace_id, limit) as tx:
            yield tx

    @asynccontextmanager
    async def trusted(self, *, limit: timedelta = TRUSTED_TIMEOUT) -> AsyncIterator[Tx]:
        """Open a transaction that may touch any workspace. Its statements carry their own filter."""
        async with self._transaction(ENGINE_ROLE, None, limit) as tx:
            yield tx

    @asynccontextmanager
    async def _transaction(self, role: str, workspace_id: int | None, limit: timedelta) -> AsyncIterator[Tx]:
        async with self._begun(_begin(role, workspace_id, limit)) as connection:
            tx = Tx(
                connection,
                self._jobs,
                workspace_id=workspace_id,
                by=self._by,
                answerable=self._answerable,
                keys=self._keys,
            )
            yield tx
            if connection.info.transaction_status is TransactionStatus.INERROR:
                # PostgreSQL answers a commit of this with a rollback, and the driver says nothing.
                raise TransactionFailed
            await tx.check_noted()
            with translated():
                await connection.commit()

    @asynccontextmanager
    async def _begun(self, begin: bytes) -> AsyncIterator[AsyncConnection[Any]]:
        """Borrow a connection and begin on it.

        A server that was restarted leaves dead connections in the pool. Beginning finds them out, which
        is cheaper than asking each before use; nothing has happened yet, so another one is tried.
        """
        for last in (*[False] * self._pool.max_size, True):
            async with self._connection() as connection:
                try:
                    with translated():
                        await connection.execute(begin, prepare=False)
                except DatabaseUnavailable:
                    if last or not connection.broken:
                        raise
                    continue
                yield connection
                return

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        connection = await self._borrowed()
        try:
            yield connection
        finally:
            # What is still open was left by an error. The pool would roll it back too, but with a warning; it
            # throws away what is broken. Who is cancelled once more meanwhile gives it back all the same.
            try:
                if connection.info.transaction_status in OPEN:
                    with suppress(psycopg.Error):
                        await connection.rollback()
            finally:
                await self._pool.putconn(connection)

    async def _borrowed(self) -> AsyncConnection[Any]:
        for turn in range(1, TURNS + 1):
            try:
                return await self._pool.getconn()
            except PoolTimeout as error:
                if turn == TURNS:
                    raise DatabaseUnavailable from error
        raise AssertionError


@lru_cache(maxsize=1024)
def _begin(role: str, workspace_id: int | None, limit: timedelta) -> bytes:
    """Return what begins a transaction. Nothing of it comes from outside but the number of a workspace."""
    workspace = "" if workspace_id is None else int(workspace_id)
    return _BEGIN.format(role, workspace, round(limit / _MILLISECOND)).encode()
