"""Background entry points of campaigns. Each may run twice."""

import asyncio
from datetime import datetime

from mailgenius.engine.ledger.model import OrderDrained, OrderHalted
from mailgenius.kit.db.database import Database
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.campaigns import service

jobs = JobTable()


@jobs.job("campaigns.freeze", attempts=50)
async def freeze(context: JobContext, *, workspace_id: int, campaign_id: int) -> None:
    """Write the audience down. A second run goes on after the last committed chunk."""
    await write_audience_down(context.db, workspace_id=workspace_id, campaign_id=campaign_id)


async def write_audience_down(db: Database, *, workspace_id: int, campaign_id: int) -> None:
    """Freeze a campaign, looking for the recipients of the next chunk while one is being written."""
    names = {"workspace_id": workspace_id, "campaign_id": campaign_id}

    async def foresee(behind: service.Foreseen | None) -> service.Foreseen | None:
        async with db.trusted() as tx:
            return await service.foresee(tx, **names, behind=behind)

    async def write(foreseen: service.Foreseen | None) -> bool:
        async with db.trusted() as tx:
            return await service.freeze_next(tx, **names, foreseen=foreseen)

    foreseen, more = await foresee(None), True
    while more:
        if foreseen is None:
            more = await write(None)
            continue
        try:
            async with asyncio.TaskGroup() as group:
                ahead = group.create_task(foresee(foreseen))
                written = group.create_task(write(foreseen))
        except BaseExceptionGroup as both:
            raise both.exceptions[0] from both
        foreseen, more = ahead.result(), written.result()


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
