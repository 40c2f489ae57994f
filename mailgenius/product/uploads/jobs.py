"""Background entry points of uploads. Each may run twice."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger
from mailgenius.product.uploads import service as uploads

jobs = JobTable()
log = logger(__name__)


@jobs.job("uploads.forget", attempts=1, cron="23 * * * *")
async def forget(context: JobContext) -> None:
    """Remove what is left of uploads that nobody finished or used. A second run finds them gone."""
    if forgotten := await uploads.forget_given_up(context.db, context.storage):
        log.info("abandoned uploads removed", uploads=forgotten)
