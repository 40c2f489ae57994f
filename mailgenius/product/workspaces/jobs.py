"""Background work of this area: forget what has run out."""

from datetime import timedelta

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.product.workspaces import service

MONTH = timedelta(days=31)
jobs = JobTable()


@jobs.job("workspaces.sweep", cron="17 * * * *")
async def sweep(context: JobContext) -> None:
    """Delete ended sessions, old sign-in counters and old kept answers. A second run finds nothing."""
    async with context.db.trusted() as tx:
        await service.sweep(tx, now=clock.now())


@jobs.job("workspaces.sweep_audit_log", cron="47 * * * *")
async def sweep_audit_log(context: JobContext) -> None:
    """Forget what the audit log has kept for long enough. A second run goes on, or finds nothing."""
    older_than = clock.now() - context.settings.audit_months * MONTH
    forgotten = audit.SWEPT_AT_ONCE
    while forgotten == audit.SWEPT_AT_ONCE:
        async with context.db.trusted() as tx:
            forgotten = await audit.sweep(tx, older_than=older_than)
