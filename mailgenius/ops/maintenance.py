"""Upkeep that nobody should have to think of, as jobs on a schedule."""

from datetime import timedelta

from mailgenius.engine.ledger import service as ledger
from mailgenius.kit import clock
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger
from mailgenius.ops import conservation, queries
from mailgenius.product.privacy import service as privacy

jobs = JobTable()
log = logger(__name__)

UPLOADS = "imports"
"""Folder of the store where files wait for their import."""
FORGOTTEN_AFTER = timedelta(days=2)
"""A file that was uploaded so long ago and is no import's was given up on the way."""


@jobs.job("ops.partitions", cron="17 3 * * *")
async def partitions(context: JobContext) -> None:
    """Make the message partitions of the coming months. A second run finds them made."""
    async with context.db.trusted() as tx:
        made = await ledger.ensure_partitions(tx)
    if made:
        log.info("message partitions made", months=made)


@jobs.job("ops.forget_message_data", attempts=3, cron="27 4 * * *")
async def forget_message_data(context: JobContext) -> None:
    """Forget the values of messages by API that ended long ago. A second run finds them gone."""
    forgotten, workspace_id = 0, await _next_with_data(context, 0)
    while workspace_id is not None:
        last_id: int | None = 0
        async with context.db.trusted() as tx:
            kept_for = timedelta(days=(await privacy.rules(tx, workspace_id=workspace_id)).data_days)
        while last_id is not None:
            async with context.db.trusted() as tx:
                swept = await ledger.forget_data(
                    tx, workspace_id=workspace_id, after_id=last_id, kept_for=kept_for
                )
            forgotten, last_id = forgotten + swept.forgotten, swept.last_id
        workspace_id = await _next_with_data(context, workspace_id)
    if forgotten:
        log.info("values of old messages forgotten", messages=forgotten)


async def _next_with_data(context: JobContext, after: int) -> int | None:
    async with context.db.trusted() as tx:
        return await ledger.next_workspace_with_data(tx, after=after)


@jobs.job("ops.check_counters", attempts=1, cron="* * * * *")
async def check_counters(context: JobContext) -> None:
    """See that the books balance by the kept counters. A second run looks again."""
    async with context.db.trusted() as tx:
        await conservation.check_counters(tx)


@jobs.job("ops.check_rows", attempts=3, cron="47 3 * * *")
async def check_rows(context: JobContext) -> None:
    """See that the books balance by every row. A second run looks again."""
    async with context.db.trusted() as tx:
        await conservation.check_rows(tx)


@jobs.job("ops.forget_uploads", attempts=3, cron="7 4 * * *")
async def forget_uploads(context: JobContext) -> None:
    """Remove uploaded files whose import was never started. A second run finds them gone."""
    removed = 0
    async for keys in context.storage.keys_before(UPLOADS, clock.now() - FORGOTTEN_AFTER):
        async with context.db.trusted() as tx:
            wanted = await queries.uploads_in_use(tx, keys=keys)
        for key in keys:
            if key not in wanted:
                await context.storage.delete(key)
                removed += 1
    if removed:
        log.info("forgotten uploads removed", files=removed)
