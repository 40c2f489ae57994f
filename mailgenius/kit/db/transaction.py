"""A transaction as services see it: run named queries, enqueue jobs, publish events. It never commits."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import Jsonb

from mailgenius.kit.db.errors import ChangeNotNoted, RowMissing, translated
from mailgenius.kit.db.queries import Query
from mailgenius.kit.doers import SYSTEM, Doer
from mailgenius.kit.errors import NotFound
from mailgenius.kit.events import Event

if TYPE_CHECKING:
    from psycopg import AsyncCursor

    from mailgenius.kit.crypto import Keys

T = TypeVar("T")
Row = tuple[Any, ...]

# PostgreSQL gives a transaction its number with its first write.
_CHANGED = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


class JobWriter(Protocol):
    """Writes jobs into the caller's transaction. Implemented by kit.jobs."""

    async def enqueue(
        self,
        connection: AsyncConnection[Any],
        job: str,
        args: Mapping[str, Any],
        *,
        at: datetime | None,
        lock: str | None,
        once: str | None,
    ) -> None: ...

    def listeners(self, event: str) -> Sequence[str]: ...


def json_value(value: object) -> Jsonb:
    """Mark a value (dict, list, struct, dataclass) as JSON for a parameter."""
    return Jsonb(msgspec.to_builtins(value))


class Tx:
    """One open transaction. Parameters go by keyword; rows come back as the class that is asked for."""

    __slots__ = ("_answerable", "_jobs", "_keys", "by", "connection", "noted", "workspace_id")

    def __init__(
        self,
        connection: AsyncConnection[Any],
        jobs: JobWriter,
        *,
        workspace_id: int | None = None,
        by: Doer = SYSTEM,
        answerable: bool = False,
        keys: "Keys | None" = None,
    ) -> None:
        self.connection = connection
        self._keys = keys
        self.workspace_id = workspace_id
        """The tenant that row-level security holds this transaction to; None when trusted."""
        self.by = by
        """Who opened it: named in the audit log."""
        self.noted = False
        """Whether kit.audit has noted what is done in it."""
        self._answerable = answerable
        self._jobs = jobs

    @property
    def keys(self) -> "Keys":
        """The installation's keys, for what is stored as a keyed hash only.

        Raises:
            LookupError: the database was opened without them.
        """
        if self._keys is None:
            raise LookupError("This database was opened without the keys of the installation.")
        return self._keys

    async def check_noted(self) -> None:
        """Refuse a change that nobody could be asked about later. What follows the check is book-keeping.

        Raises:
            ChangeNotNoted: it must leave an entry in the audit log, has changed something, and left none.
        """
        if self._answerable and not self.noted:
            with translated():
                cursor = await self.connection.execute(_CHANGED)
                if await cursor.fetchone() == (True,):
                    raise ChangeNotNoted
        self._answerable = False

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Undo what the block did when it fails, and nothing else: the transaction goes on."""
        with translated():
            async with self.connection.transaction():
                yield

    async def execute(self, query: Query, **parameters: Any) -> int:
        """Run a statement and return how many rows it touched."""
        with translated():
            cursor = await self.connection.execute(query.sql, parameters)
            return cursor.rowcount

    async def all(self, row: type[T], query: Query, **parameters: Any) -> list[T]:
        """Return every row as `row`, whose fields are named like the columns."""
        with translated():
            async with self.connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query.sql, parameters)
                return msgspec.convert(await cursor.fetchall(), list[row], strict=False)  # type: ignore[valid-type]

    async def first(self, row: type[T], query: Query, **parameters: Any) -> T | None:
        """Return the first row, or None when there is none."""
        with translated():
            async with self.connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query.sql, parameters)
                found = await cursor.fetchone()
                return None if found is None else msgspec.convert(found, row, strict=False)

    async def one(
        self, row: type[T], query: Query, *, missing: type[NotFound] | None = None, **parameters: Any
    ) -> T:
        """Return the only row.

        Raises:
            NotFound: `missing`, when there is no row and the caller named an error for that.
        """
        found = await self.first(row, query, **parameters)
        if found is None:
            raise missing() if missing else RowMissing()
        return found

    async def value(self, query: Query, **parameters: Any) -> Any:
        """Return the first column of the first row, or None."""
        rows = await self.rows(query, **parameters)
        return rows[0][0] if rows else None

    async def rows(self, query: Query, **parameters: Any) -> list[Row]:
        """Return plain tuples: for hot paths that cannot pay for row classes."""
        with translated():
            async with self.connection.cursor(row_factory=tuple_row) as cursor:
                await cursor.execute(query.sql, parameters)
                return await cursor.fetchall()

    async def copy_bytes(self, query: Query, chunks: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        """Stream ready-made COPY data (text, CSV or binary, as the statement says)."""
        with translated():
            cursor: AsyncCursor[Any] = self.connection.cursor()
            async with cursor, cursor.copy(query.sql) as copy:
                if isinstance(chunks, Iterable):
                    for chunk in chunks:
                        await copy.write(chunk)
                else:
                    async for chunk in chunks:
                        await copy.write(chunk)

    async def enqueue(
        self,
        job: str,
        *,
        at: datetime | None = None,
        lock: str | None = None,
        once: str | None = None,
        **args: Any,
    ) -> None:
        """Write a job into this transaction: it exists exactly when the fact does.

        Args:
            job: registered name, such as `imports.run`.
            at: not before this moment.
            lock: jobs with the same lock never run at the same time.
            once: when a job with this key waits already, this one is not added.
            args: plain JSON values.
        """
        with translated():
            await self._jobs.enqueue(self.connection, job, args, at=at, lock=lock, once=once)

    async def publish(self, event: Event) -> None:
        """Tell a fact to all who listen, in this transaction."""
        for job in self._jobs.listeners(event.name):
            await self.enqueue(job, **event.payload())
