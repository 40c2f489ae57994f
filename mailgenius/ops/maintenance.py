"""Upkeep that nobody should have to think of, as jobs on a schedule."""

from mailgenius.engine.ledger import service as ledger
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger
from mailgenius.ops import conservation

jobs = JobTable()
log = logger(__name__)


@jobs.job("ops.partitions", cron="17 3 * * *")
async def partitions(context: JobContext) -> None:
    """Make the message partitions of the coming months. A second run finds them made."""
    async with context.db.trusted() as tx:
        made = await ledger.ensure_partitions(tx)
    if made:
        log.info("message partitions made", months=made)


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
