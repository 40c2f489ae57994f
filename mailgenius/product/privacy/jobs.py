"""Background entry points of privacy. Each may run twice."""

from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.logs import logger
from mailgenius.product.privacy import service as privacy

jobs = JobTable()
log = logger(__name__)


@jobs.job("privacy.look_again")
async def look_again(context: JobContext, *, workspace_id: int, message_ids: list[int]) -> None:
    """Blank what engines wrote meanwhile about messages of an erased person. A second run changes nothing."""
    async with context.db.trusted() as tx:
        await privacy.make_late_ones_nameless(tx, workspace_id=workspace_id, message_ids=message_ids)


@jobs.job("privacy.walk_messages")
async def walk_messages(context: JobContext, *, workspace_id: int, erasure_id: int) -> None:
    """Look through all messages for an erased person's, step by step. A second run finds them nameless."""
    after_id: int | None = 0
    while after_id is not None:
        async with context.db.trusted() as tx:
            after_id = await privacy.walk_messages(
                tx, workspace_id=workspace_id, erasure_id=erasure_id, after_id=after_id
            )


@jobs.job("privacy.keep_rules", attempts=3, cron="7 3 * * *")
async def keep_rules(context: JobContext) -> None:
    """Forget what workspaces no longer want to keep. A second run finds less."""
    async with context.db.trusted() as tx:
        workspace_ids = await privacy.workspaces_with_rules(tx)
    for workspace_id in workspace_ids:
        if done := await privacy.keep_rules(context.db, workspace_id=workspace_id):
            log.info("old data forgotten", workspace_id=workspace_id, **done)
