"""Background entry points of leads. Each may run twice."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.feedback.model import AddressesStopped
from mailgenius.engine.tracking.model import RecipientReturned, RecipientUnsubscribed
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.leads import service as leads

jobs = JobTable()


@jobs.job("leads.bulk", attempts=50)
async def bulk(context: JobContext, *, workspace_id: int, act_id: int) -> None:
    """Go on with an act on many leads. A second run goes on after the last step, or finds it over."""
    await leads.go_on(context.db, workspace_id=workspace_id, act_id=act_id)


@jobs.job("leads.fold_counts", attempts=1, cron="* * * * *")
async def fold_counts(context: JobContext) -> None:
    """Shorten the kept counters. A second run finds less to fold."""
    async with context.db.trusted() as tx:
        await leads.fold_counts(tx)


@jobs.job("leads.on_bounced")
async def on_bounced(
    context: JobContext, *, workspace_id: int, channel: str, address: str, reason: str, **_: object
) -> None:
    """Mark the lead behind a dead address, as engines of the release before told it: one by one."""
    async with context.db.trusted() as tx:
        await leads.follow_suppression(
            tx, workspace_id=workspace_id, channel=Channel(channel), address=address, reason=reason
        )


@jobs.job("leads.on_addresses_stopped", listens_to=AddressesStopped)
async def on_addresses_stopped(
    context: JobContext, *, workspace_id: int, channel: str, addresses: dict[str, str], **_: object
) -> None:
    """Mark the leads of addresses that complained or came back. A second run finds them marked.

    The address decides and not the lead that was written to: its address may have been corrected since.
    """
    for address, reason in addresses.items():
        async with context.db.trusted() as tx:
            await leads.follow_suppression(
                tx, workspace_id=workspace_id, channel=Channel(channel), address=address, reason=reason
            )


@jobs.job("leads.on_unsubscribed", listens_to=RecipientUnsubscribed)
async def on_unsubscribed(
    context: JobContext, *, workspace_id: int, lead_id: int | None, channel: str, address: str, **_: object
) -> None:
    """Mark the lead that asked for no more messages. A second run finds it marked."""
    await _follow_recipient(context, workspace_id, lead_id, Channel(channel), address)


@jobs.job("leads.on_returned", listens_to=RecipientReturned)
async def on_returned(
    context: JobContext, *, workspace_id: int, lead_id: int | None, channel: str, address: str, **_: object
) -> None:
    """Take back the unsubscribing of a lead that changed its mind. A second run finds it active."""
    await _follow_recipient(context, workspace_id, lead_id, Channel(channel), address)


async def _follow_recipient(
    context: JobContext, workspace_id: int, lead_id: int | None, channel: Channel, address: str
) -> None:
    async with context.db.trusted() as tx:
        if lead_id is not None:  # It may have been merged into another since the event was told.
            lead_id = await leads.kept_id(tx, workspace_id=workspace_id, lead_id=lead_id)
        await leads.follow_suppression(
            tx,
            workspace_id=workspace_id,
            lead_id=lead_id,
            channel=channel,
            address=address,
            reason="by the recipient",
        )
        await leads.note_recipient(
            tx, workspace_id=workspace_id, lead_id=lead_id, channel=channel, address=address
        )
