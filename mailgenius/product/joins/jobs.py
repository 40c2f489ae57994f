"""Background entry points of merges of leads."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.joins import service

jobs = JobTable()


@jobs.job("joins.gather_late")
async def gather_late(context: JobContext, *, workspace_id: int, kept_id: int, other_id: int) -> None:
    """Have late rows of a lead that was merged follow it. A second run finds none."""
    async with context.db.trusted() as tx:
        await service.gather_late(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)
