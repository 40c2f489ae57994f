"""The scheduled upkeep does its work, and a second run changes nothing."""

import os
import time
from collections.abc import AsyncIterator

import psycopg

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.ops.maintenance import forget_uploads, partitions
from mailgenius.product.imports import service as imports
from mailgenius.product.leads.model import Mode

MONTHS = Query(
    "months",
    "The partitions of messages.",
    "SELECT count(*) FROM pg_inherits WHERE inhparent = 'messages'::regclass",
)
LAST = Query(
    "last",
    "The last partition.",
    "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'messages'::regclass",
)


async def test_missing_months_are_made_once(db: Database, services: Services, database_url: str):
    async with db.trusted() as tx:
        before, last = await tx.value(MONTHS), await tx.value(LAST)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"DROP TABLE {last}")
    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    for _ in range(2):
        await partitions(context)
        async with db.trusted() as tx:
            assert (await tx.value(MONTHS), await tx.value(LAST)) == (before, last)


async def test_uploads_that_no_import_will_read_are_removed(
    db: Database, services: Services, workspace_id: int
):
    async def content() -> AsyncIterator[bytes]:
        yield b"email\nana@example.com\n"

    async def upload(name: str, *, days_ago: int) -> str:
        key = f"imports/{workspace_id}/{name}/leads.csv"
        await services.storage.put(key, content(), limit=1000)
        then = time.time() - days_ago * 86_400
        os.utime(services.settings.home / "files" / key, (then, then))
        return key

    waiting = await upload("waiting", days_ago=9)
    kept = {waiting, await upload("fresh", days_ago=0)}
    await upload("forgotten", days_ago=9)
    async with db.tenant(workspace_id) as tx:
        await imports.start(
            tx,
            workspace_id=workspace_id,
            file_key=waiting,
            file_name="leads.csv",
            file_size=22,
            mapping=None,
            mode=Mode.MERGE,
            tags=(),
            consent_source="",
            created_by=None,
        )
    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    for _ in range(2):
        await forget_uploads(context)
        found = {
            str(path.relative_to(services.settings.home / "files"))
            for path in (services.settings.home / "files").rglob("*.csv")
        }
        assert found == kept
