"""Background work of dead letters: replaying or discarding all that match a filter."""

from mailgenius.engine.dead_letters import service
from mailgenius.kit.jobs import JobContext, JobTable

jobs = JobTable()


@jobs.job("dead_letters.run", attempts=50)
async def run(context: JobContext, *, workspace_id: int, run_id: int) -> None:
    """Work a run off, step by step. A second job goes on after the last committed step."""
    more = True
    while more:
        async with context.db.trusted() as tx:
            more = await service.run_next(tx, workspace_id=workspace_id, run_id=run_id)
