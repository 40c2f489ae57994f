"""Background entry points of leads. Each may run twice."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.ledger.model import AddressBounced
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadStatus

jobs = JobTable()


@jobs.job("leads.fold_counts", attempts=1, cron="* * * * *")
async def fold_counts(context: JobContext) -> None:
    """Shorten the kept counters. A second run finds less to fold."""
    async with context.db.trusted() as tx:
        await leads.fold_counts(tx)


@jobs.job("leads.on_bounced", listens_to=AddressBounced)
async def on_bounced(
    context: JobContext, *, workspace_id: int, channel: str, address: str, reason: str, **_: object
) -> None:
    """Mark the lead behind an address that takes nothing any more. A second run finds it marked.

    The address decides and not the lead that was written to: its address may have been corrected since.
    """
    async with context.db.trusted() as tx:
        await leads.stop_address(
            tx,
            workspace_id=workspace_id,
            channel=Channel(channel),
            address=address,
            status=LeadStatus.BOUNCED,
            reason=reason,
        )
