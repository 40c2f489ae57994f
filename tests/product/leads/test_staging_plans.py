"""Staged rows find what they are about through indexes, under row-level security too."""

import re

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.leads import staging
from mailgenius.product.leads.model import LeadInput
from mailgenius.product.leads.rounds import PlannedLead
from mailgenius.product.leads.staged_rows import csv_of

LEADS = Query(
    "leads",
    "Some leads.",
    """INSERT INTO leads (workspace_id, email)
       SELECT %(id)s, 'l' || n || '@x.co' FROM generate_series(1, 500) n""",
)
LISTED = Query(
    "listed",
    "A long list of suppressions.",
    """INSERT INTO suppressions (workspace_id, channel, address, reason)
       SELECT %(id)s, 'email', 's' || n || '@x.co', 'bounced' FROM generate_series(1, 30000) n""",
)
RESET = Query("reset", "Be the owner.", "RESET ROLE")
ANALYZE = Query("analyze", "Statistics.", "ANALYZE leads, suppressions")
WHOLE_WORKSPACE = re.compile(
    r"(Index|Recheck) Cond: \(workspace_id = '\d+'::bigint\)|Seq Scan on (?!lead_staging)"
)
LOOKUPS = ("mark-suppressed", "count-known", "settle-created", "match-staged", "staged-leads")


async def test_a_staged_row_never_reads_a_whole_workspace(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await tx.execute(LEADS, id=workspace_id)
        await tx.execute(LISTED, id=workspace_id)
        await tx.execute(RESET)
        await tx.execute(ANALYZE)
    rows = [PlannedLead(n=n, round_no=0, lead=LeadInput(email=f"l{n}@x.co")) for n in range(5)]
    statements = staging._SQL  # The statements as they are; a plan has no function of its own.
    for opened in (db.tenant(workspace_id), db.trusted()):
        async with opened as tx:
            await staging.open_staging(tx)
            await staging.stage_csv(tx, csv_of(rows))
            for name in LOOKUPS:
                explain = Query(name, "A plan.", f"EXPLAIN {statements[name].sql}")
                plan = "\n".join(
                    line for (line,) in await tx.rows(explain, workspace_id=workspace_id, round=0)
                )
                assert not WHOLE_WORKSPACE.search(plan), f"{name}\n{plan}"
