"""Imports as a test wants them: bytes in, the finished import out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from mailgenius.product.imports import running, service as imports
from mailgenius.product.imports.files.opening import open_table
from mailgenius.product.imports.files.table import LINE, Table
from mailgenius.product.imports.model import Import, Reject

ImportBytes = Callable[..., Awaitable[Import]]
ReadBytes = Callable[[bytes], Table]


@pytest.fixture
def read_bytes(tmp_path: Path) -> Iterator[ReadBytes]:
    """Opens bytes as a table, without a database."""
    opened: list[Table] = []

    def read(content: bytes) -> Table:
        path = tmp_path / "upload"
        path.write_bytes(content)
        opened.append(open_table(path, scratch=tmp_path))
        return opened[-1]

    yield read
    for table in opened:
        table.close()


def rows_of(table: Table) -> list[tuple]:
    """Every row with its line, over all chunks."""
    return [
        row for chunk in table.chunks() for row in chunk.rows.select(LINE, *chunk.rows.columns[1:]).rows()
    ]


def rejects_of(table: Table) -> list[Reject]:
    return [reject for chunk in table.chunks() for reject in chunk.rejects]


@pytest.fixture
def store(services: Services) -> Callable[[bytes], Awaitable[str]]:
    """Stores bytes as an upload and returns their key."""

    async def put(content: bytes) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        key = f"imports/test/{len(content)}-{abs(hash(content))}"
        await services.storage.put(key, chunks(), limit=1 << 30)
        return key

    return put


@pytest.fixture
def import_bytes(services: Services, store: Callable[[bytes], Awaitable[str]]) -> ImportBytes:
    """Starts an import of bytes, runs it to its end, and returns it."""

    async def run(workspace_id: int, content: bytes, **values) -> Import:
        key = await store(content)
        async with services.db.tenant(workspace_id) as tx:
            started = await imports.start(
                tx,
                workspace_id=workspace_id,
                file_key=key,
                file_name="leads.csv",
                file_size=len(content),
                **values,
            )
        await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=started.id)
        return await get(services.db, workspace_id, started.id)

    return run


async def get(db: Database, workspace_id: int, import_id: int) -> Import:
    async with db.tenant(workspace_id) as tx:
        return await imports.get(tx, workspace_id=workspace_id, import_id=import_id)


async def rejects_text(db: Database, workspace_id: int, import_id: int) -> str:
    """The rejects file as a person downloads it."""
    pages = imports.rejects_csv(db, workspace_id=workspace_id, import_id=import_id)
    return b"".join([page async for page in pages]).decode()
