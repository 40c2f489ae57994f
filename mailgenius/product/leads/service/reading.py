"""One lead, what happened to it, and what the workspace's leads have in common."""

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import fields as stored_fields, queries
from mailgenius.product.leads.model import Activity, Lead, LeadField, LeadStatus, TagCount


async def get(tx: Tx, *, workspace_id: int, lead_id: int) -> Lead:
    """Return one lead.

    Raises:
        LeadNotFound: this workspace has no such lead.
    """
    return await queries.get_lead(tx, workspace_id=workspace_id, lead_id=lead_id)


async def activity(tx: Tx, *, workspace_id: int, lead_id: int, limit: int = 100) -> list[Activity]:
    """Return what happened to a lead inside this area, newest first."""
    return await queries.activity(tx, workspace_id=workspace_id, lead_id=lead_id, limit=limit)


async def tags(tx: Tx, *, workspace_id: int) -> list[TagCount]:
    """Return the tags in use and how many leads have each, from the kept counters."""
    return await queries.tag_counts(tx, workspace_id=workspace_id)


async def counts(tx: Tx, *, workspace_id: int) -> dict[LeadStatus, int]:
    """Return how many leads have each status, every status named, from the kept counters."""
    found = await queries.status_counts(tx, workspace_id=workspace_id)
    return {status: found.get(status, 0) for status in LeadStatus}


async def fields(tx: Tx, *, workspace_id: int) -> list[LeadField]:
    """Return the custom fields that leads of this workspace may have."""
    found = await stored_fields.list_fields(tx, workspace_id=workspace_id)
    return [field for field in found if field.archived_at is None]


async def all_fields(tx: Tx, *, workspace_id: int) -> list[LeadField]:
    """Return the custom fields, those that are archived too: leads may still have values of them."""
    return await stored_fields.list_fields(tx, workspace_id=workspace_id)


async def fold_counts(tx: Tx) -> int:
    """Shorten the kept counters of all workspaces; return how many rows are left of those folded."""
    return await queries.fold_counts(tx)
