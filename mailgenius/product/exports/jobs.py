"""Background entry points of exports. Each may run twice."""

from mailgenius.kit.errors import Unavailable
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger

jobs = JobTable()
log = logger(__name__)

UNEXPECTED = "Something unexpected went wrong; the log of the server tells more."


@jobs.job("exports.write", attempts=50)
async def write(context: JobContext, *, workspace_id: int, export_id: int) -> None:
    """Write the file of an export. A second run begins the file anew, or finds the export over."""
    from mailgenius.product.exports import running  # noqa: PLC0415  # Every process knows the names of the jobs.

    try:
        await running.write(context.db, context.storage, workspace_id=workspace_id, export_id=export_id)
    except Unavailable:
        raise  # The database or the store is away: the job is tried again.
    except Exception:
        # A defect would fail the same way each time: say so to the person who waits, instead of hanging.
        log.exception("export failed", workspace_id=workspace_id, export_id=export_id)
        await running.fail(context.db, workspace_id=workspace_id, export_id=export_id, error=UNEXPECTED)


@jobs.job("exports.forget_files", attempts=1, cron="23 * * * *")
async def forget_files(context: JobContext) -> None:
    """Remove files whose time is over. A second run finds them gone."""
    from mailgenius.product.exports import running  # noqa: PLC0415  # See above.

    if forgotten := await running.forget_files(context.db, context.storage):
        log.info("files of exports forgotten", files=forgotten)
