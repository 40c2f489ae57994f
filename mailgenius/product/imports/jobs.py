"""Background entry points of imports. Each may run twice.

What reads files is loaded by the first job: every process knows the names of the jobs, and few run this one.
"""

from datetime import timedelta

from mailgenius.kit import clock
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger

jobs = JobTable()
log = logger(__name__)

TRY_KEPT = timedelta(days=1)
"""How long the file of a tried import waits for being made."""

UNEXPECTED = "Something unexpected went wrong; the log of the server tells more. Rows counted above are in."


@jobs.job("imports.run", attempts=50)
async def run(context: JobContext, *, workspace_id: int, import_id: int) -> None:
    """Import a file. A second run goes on after the last committed part, or finds the import over."""
    from mailgenius.product.imports import running  # noqa: PLC0415  # See above.

    try:
        await running.run(context.db, context.storage, workspace_id=workspace_id, import_id=import_id)
    except Unavailable:
        raise  # The database or the store is away: the job is tried again.
    except Exception:
        # A defect would fail the same way each time: say so to the person who waits, instead of hanging.
        log.exception("import failed", workspace_id=workspace_id, import_id=import_id)
        await running.fail(context.db, workspace_id=workspace_id, import_id=import_id, error=UNEXPECTED)


@jobs.job("imports.forget_tries", attempts=1, cron="37 * * * *")
async def forget_tries(context: JobContext) -> None:
    """Remove the files of imports that were tried and never made. A second run finds them gone."""
    from mailgenius.product.imports import running  # noqa: PLC0415  # See above.

    before = clock.now() - TRY_KEPT
    if forgotten := await running.forget_tries(context.db, context.storage, before=before):
        log.info("tried imports forgotten", files=forgotten)
