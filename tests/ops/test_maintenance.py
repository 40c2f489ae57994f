"""The scheduled upkeep does its work, and a second run changes nothing."""

import psycopg

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.ops.maintenance import partitions

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
