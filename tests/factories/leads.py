"""Leads for tests."""

import itertools
from typing import Any

from mailgenius.kit.db.database import Database
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Lead, LeadInput

_numbers = itertools.count(1)


async def make_lead(db: Database, workspace_id: int, **values: Any) -> Lead:
    """Create one lead; its e-mail is made up unless an identity is given."""
    if not {"email", "phone", "external_id"} & values.keys():
        values["email"] = f"lead{next(_numbers)}@example.com"
    async with db.tenant(workspace_id) as tx:
        made = await leads.upsert(tx, workspace_id=workspace_id, lead=LeadInput(**values))
    return made.lead


async def make_leads(db: Database, workspace_id: int, count: int, **values: Any) -> list[Lead]:
    """Create several leads with made-up e-mails, in order of their ids."""
    return [await make_lead(db, workspace_id, **values) for _ in range(count)]


async def make_many_leads(db: Database, workspace_id: int, count: int, **values: Any) -> None:
    """Create hundreds of leads with made-up e-mails, in one call."""
    inputs = [LeadInput(email=f"lead{next(_numbers)}@example.com", **values) for _ in range(count)]
    async with db.tenant(workspace_id) as tx:
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=inputs)


async def all_leads(db: Database, workspace_id: int) -> list[Lead]:
    """Every lead of a workspace, oldest first."""
    async with db.trusted() as tx:
        page = await leads.search(tx, workspace_id=workspace_id, limit=500)
    assert page.next_cursor is None, "more leads than a test's page holds"
    return list(reversed(page.items))
