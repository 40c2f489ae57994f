"""Background entry points of campaigns. Each may run twice."""

from datetime import datetime

from mailgenius.engine.ledger.model import OrderDrained, OrderHalted
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.campaigns import service

jobs = JobTable()


@jobs.job("campaigns.freeze", attempts=50)
async def freeze(context: JobContext, *, workspace_id: int, campaign_id: int) -> None:
    """Write the audience down. A second run goes on after the last committed chunk."""
    more = True
    while more:
        async with context.db.trusted() as tx:
            more = await service.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id)


@jobs.job("campaigns.launch_scheduled", attempts=50)
async def launch_scheduled(
    context: JobContext, *, workspace_id: int, campaign_id: int, scheduled_at: str
) -> None:
    """Launch a campaign at its time. A second run finds it launched and does nothing."""
    async with context.db.trusted() as tx:
        await service.launch_scheduled(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            scheduled_at=datetime.fromisoformat(scheduled_at),
        )


@jobs.job("campaigns.on_order_drained", listens_to=OrderDrained)
async def on_order_drained(context: JobContext, *, workspace_id: int, order_id: int, **_: object) -> None:
    """Finish the campaign whose messages have all reached an end. A second run changes nothing."""
    async with context.db.trusted() as tx:
        await service.finish(tx, workspace_id=workspace_id, order_id=order_id)


@jobs.job("campaigns.on_order_halted", listens_to=OrderHalted)
async def on_order_halted(
    context: JobContext, *, workspace_id: int, order_id: int, reason: str, count: int, sent: int, **_: object
) -> None:
    """Pause the campaign whose order the engine held, and keep the reason. A second run changes nothing."""
    async with context.db.trusted() as tx:
        await service.halted(
            tx, workspace_id=workspace_id, order_id=order_id, reason=reason, count=count, sent=sent
        )
