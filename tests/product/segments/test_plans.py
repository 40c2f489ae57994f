"""Statements on segments read through indexes, at a hundred thousand leads of ten workspaces."""

from typing import Any

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import queries as lead_queries
from mailgenius.product.leads.model import Audience
from mailgenius.product.segments import queries, service as segments
from mailgenius.product.segments.service.gathering import gather

FILL = Query(
    "fill",
    "A hundred thousand leads, ten thousand of them ours.",
    """INSERT INTO leads (workspace_id, email, name, status, tags, fields)
       SELECT CASE WHEN n %% 10 = 0 THEN %(ours)s::bigint ELSE %(theirs)s::bigint END,
              'lead' || n || '@example.com', 'Lead ' || n,
              CASE WHEN n %% 500 = 0 THEN 'bounced' ELSE 'active' END::lead_status,
              CASE WHEN n %% 1000 = 0 THEN '{rare}' ELSE '{common}' END::text[],
              jsonb_build_object('city', 'c' || n %% 100)
         FROM generate_series(1, 100000) n""",
)
FIELD = Query(
    "field", "A field.", "INSERT INTO lead_fields (workspace_id, key, label) VALUES (%(id)s, 'city', 'City')"
)
ANALYZE = Query("analyze", "Statistics.", "ANALYZE leads")
PLAIN: tuple[dict[str, Any], ...] = (
    {"on": "tag", "op": "any", "value": ["rare"]},
    {"on": "status", "op": "in", "value": ["bounced"]},
    {"on": "lead", "key": "email", "op": "is", "value": "LEAD10@example.com"},
    {"on": "field", "key": "city", "op": "is", "value": "c10"},
    {"on": "behaviour", "op": "did", "act": "opened", "days": 7},
)


async def test_no_statement_reads_all_leads(
    db: Database, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    async with db.trusted() as tx:
        await tx.execute(FILL, ours=workspace_id, theirs=other_workspace_id)
        await tx.execute(FIELD, id=workspace_id)
        owner = Query("reset", "Be the owner.", "RESET ROLE")
        await tx.execute(owner)
        await tx.execute(ANALYZE)
    plans: list[tuple[str, str]] = []
    run = Tx.rows

    async def explained(tx: Tx, query: Query, **parameters: Any) -> list[tuple[Any, ...]]:
        if "leads" in query.sql and query.sql.startswith(("SELECT", "WITH")):
            lines = await run(tx, Query("plan", "A plan.", "EXPLAIN " + query.sql), **parameters)
            plans.append((query.sql, "\n".join(line for (line,) in lines)))
        return await run(tx, query, **parameters)

    monkeypatch.setattr(Tx, "rows", explained)
    sizes = []
    async with db.trusted() as tx:
        for condition in PLAIN:
            tree = {"all": [condition]}
            found = await segments.estimate(tx, workspace_id=workspace_id, tree=tree)
            sizes.append(found.members)
            fragment = (await gather(tx, workspace_id=workspace_id, raw=tree)).condition()
            common: dict[str, Any] = {"workspace_id": workspace_id, "condition": fragment}
            await queries.count_members(tx, **common, after_id=0, until_id=100_000)
            await lead_queries.audience_chunk(
                tx,
                **common,
                audience=Audience(all=True),
                channel=Channel.EMAIL,
                after_id=0,
                until_id=100_000,
                limit=1000,
            )
    assert sizes == [100, 200, 1, 1000, 0]
    assert len(plans) > 15
    for sql, plan in plans:
        assert "Seq Scan on leads" not in plan, f"{sql}\n{plan}"
