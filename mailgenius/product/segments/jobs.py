"""Background entry points of segments. Each may run twice."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import ActOnMembersAsked
from mailgenius.product.segments import service

jobs = JobTable()


@jobs.job("segments.count", attempts=3)
async def count(context: JobContext, *, workspace_id: int, segment_id: int) -> None:
    """Count the members of a segment one by one. A second run counts again."""
    async with context.db.trusted() as tx:
        await service.count(tx, workspace_id=workspace_id, segment_id=segment_id)


@jobs.job("segments.act_on_members", attempts=50, listens_to=ActOnMembersAsked)
async def act_on_members(context: JobContext, *, workspace_id: int, act_id: int) -> None:
    """Go on with an act on leads of a segment. A second run goes on after the last step, or finds it over."""
    async with context.db.trusted() as tx:
        act = await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act_id)
        if act.match.segment is None:
            raise LookupError(f"Act {act_id} has no segment: the area of leads goes on with it.")
        members = await service.kept_condition(tx, workspace_id=workspace_id, kept=act.match.segment)
    await leads.go_on(context.db, workspace_id=workspace_id, act_id=act_id, members=members)
