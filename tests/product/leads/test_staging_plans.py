"""Staged rows find what they are about through indexes, under row-level security too."""

import re
from collections.abc import Mapping

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
EAGER = Query("eager", "As on quick disks.", "SET LOCAL effective_io_concurrency = 200")
READ_AHEAD = Query("read-ahead", "How eager scans are.", "SHOW effective_io_concurrency")
WHOLE_WORKSPACE = re.compile(
    r"(Index|Recheck) Cond: \(workspace_id = [^ )]+(\)\.col1)?\)|Seq Scan on (?!lead_staging)"
)
LOOKUPS = ("mark-suppressed", "count-known", "settle-created", "match-staged", "staged-leads")
OF_LEADS = (
    "count-known", "count-same", "settle-same", "settle-created", "match-staged", "update-matched",
    "staged-leads",
)  # fmt: skip

GIVEN = {
    "rows": '[{"email": "l1@x.co"}]',
    "added_tags": [],
    "replacing": False,
    "basis": None,
    "import_id": None,
    "kind": "updated",
    "detail": "{}",
}


async def test_a_staged_row_never_reads_a_whole_workspace(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        await tx.execute(LEADS, id=workspace_id)
        await tx.execute(LISTED, id=workspace_id)
        await tx.execute(RESET)
        await tx.execute(ANALYZE)
    # The statements as they are; a plan has no function of its own.
    statements = {name: staging._SQL[name] for name in LOOKUPS} | {"insert-given": staging._INSERT_GIVEN}
    await check_plans(db, workspace_id, statements)


async def test_nor_one_that_is_newer_than_the_statistics(
    db: Database, workspace_id: int, other_workspace_id: int
):
    """The planner then believes that it has no rows, and an index of anything would do for it."""
    async with db.trusted() as tx:
        await tx.execute(LEADS, id=workspace_id)
        await tx.execute(RESET)
        await tx.execute(ANALYZE)
    async with db.trusted() as tx:
        await tx.execute(LEADS, id=other_workspace_id)
    await check_plans(db, other_workspace_id, {name: staging._SQL[name] for name in OF_LEADS})


async def check_plans(db: Database, workspace_id: int, statements: Mapping[str, Query]) -> None:
    rows = [PlannedLead(n=n, round_no=0, lead=LeadInput(email=f"l{n}@x.co")) for n in range(5)]
    for opened in (db.tenant(workspace_id), db.trusted()):
        async with opened as tx:
            await staging.open_staging(tx)
            await staging.stage_csv(tx, csv_of(rows))
            for name, statement in statements.items():
                explain = Query(name, "A plan.", f"EXPLAIN {statement.sql}")
                given = {"workspace_id": workspace_id, "round": 0, **GIVEN}
                plan = "\n".join(line for (line,) in await tx.rows(explain, **given))
                assert not WHOLE_WORKSPACE.search(plan), f"{name}\n{plan}"


async def test_scans_of_staged_rows_leave_buffers_to_each_other(db: Database):
    """Each reads ahead 16 pages for a unit of this, and a session has 1,024 for its temporary tables."""
    async with db.trusted() as tx:
        await tx.execute(EAGER)
        await staging.open_staging(tx)
        assert int(await tx.value(READ_AHEAD)) == 16
