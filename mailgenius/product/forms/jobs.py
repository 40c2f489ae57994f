"""Background work of this area: forget what has run out."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.forms import service

jobs = JobTable()


@jobs.job("forms.sweep", cron="37 * * * *")
async def sweep(context: JobContext) -> None:
    """Delete answers that were never confirmed, and old counters. A second run finds nothing."""
    async with context.db.trusted() as tx:
        await service.sweep(tx)
