"""Background work of intake: messages of cancelled orders, and standing orders that nobody uses any more."""

from datetime import timedelta

from mailgenius.engine.intake import service, standing
from mailgenius.kit import clock
from mailgenius.kit.jobs import JobContext, JobTable

jobs = JobTable()

LOOK_AGAIN = timedelta(seconds=2)
"""An engine may hold some batches; it gives them back when it finds the order cancelled."""
IDLE_AT_ONCE = 1000


@jobs.job("intake.cancel", attempts=50)
async def cancel(context: JobContext, *, workspace_id: int, order_id: int) -> None:
    """Cancel step by step, each in its own transaction. A second run finds less, and at last nothing."""
    more = True
    while more:
        async with context.db.trusted() as tx:
            more = await service.cancel_next(tx, workspace_id=workspace_id, order_id=order_id)
    async with context.db.trusted() as tx:
        if not await service.finish_cancel(tx, workspace_id=workspace_id, order_id=order_id):
            await tx.enqueue(
                "intake.cancel",
                at=clock.now() + LOOK_AGAIN,
                workspace_id=workspace_id,
                order_id=order_id,
            )


@jobs.job("intake.close_idle", attempts=1, cron="* * * * *")
async def close_idle(context: JobContext) -> None:
    """Seal standing orders that nobody used for a while, each in its own transaction."""
    async with context.db.trusted() as tx:
        idle = await standing.idle(tx, limit=IDLE_AT_ONCE)
    for workspace_id, key, order_id in idle:
        async with context.db.trusted() as tx:
            await standing.close_idle(tx, workspace_id=workspace_id, key=key, order_id=order_id)
