"""Background entry points of segments. Each may run twice."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.segments import service

jobs = JobTable()


@jobs.job("segments.count", attempts=3)
async def count(context: JobContext, *, workspace_id: int, segment_id: int) -> None:
    """Count the members of a segment one by one. A second run counts again."""
    async with context.db.trusted() as tx:
        await service.count(tx, workspace_id=workspace_id, segment_id=segment_id)
