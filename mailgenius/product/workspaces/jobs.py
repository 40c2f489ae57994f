"""Background work of this area: forget what has run out."""

from mailgenius.kit import clock
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.workspaces import service

jobs = JobTable()


@jobs.job("workspaces.sweep", cron="17 * * * *")
async def sweep(context: JobContext) -> None:
    """Delete ended sessions, old sign-in counters and old kept answers. A second run finds nothing."""
    async with context.db.trusted() as tx:
        await service.sweep(tx, now=clock.now())
