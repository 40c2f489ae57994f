"""Upkeep that nobody should have to think of, as jobs on a schedule."""

from mailgenius.engine.ledger import service as ledger
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger

jobs = JobTable()
log = logger(__name__)


@jobs.job("ops.partitions", cron="17 3 * * *")
async def partitions(context: JobContext) -> None:
    """Make the message partitions of the coming months. A second run finds them made."""
    async with context.db.trusted() as tx:
        made = await ledger.ensure_partitions(tx)
    if made:
        log.info("message partitions made", months=made)
