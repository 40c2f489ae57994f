"""One typed function for each statement of queries.sql on leads that were merged into others."""

from collections.abc import Sequence
from datetime import datetime

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads.errors import LeadJoined, LeadNotFound
from mailgenius.product.leads.model import Lead

_SQL = load_queries(__file__)


async def hold_joins(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["hold-joins"], workspace_id=workspace_id)


async def one_join_at_a_time(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["one-join-at-a-time"], workspace_id=workspace_id)


async def lock_leads(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> dict[int, Lead]:
    rows = await tx.all(Lead, _SQL["lock-leads"], workspace_id=workspace_id, lead_ids=list(lead_ids))
    return {lead.id: lead for lead in rows}


async def joined_into(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> dict[int, int]:
    rows = await tx.rows(_SQL["joined-into"], workspace_id=workspace_id, lead_ids=list(lead_ids))
    return dict(rows)


async def why_gone(tx: Tx, *, workspace_id: int, lead_id: int) -> LeadNotFound:
    """Return the error of a lead that is not there; it knows whether the lead went into another."""
    joined = await joined_into(tx, workspace_id=workspace_id, lead_ids=[lead_id])
    if lead_id not in joined:
        return LeadNotFound()
    return LeadJoined(kept_id=joined[lead_id], lead_id=lead_id)


async def any_joined_since(tx: Tx, *, workspace_id: int, since: datetime) -> bool:
    found: bool = await tx.value(_SQL["any-joined-since"], workspace_id=workspace_id, since=since)
    return found


async def note_join(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> None:
    names = {"workspace_id": workspace_id, "kept_id": kept_id, "other_id": other_id}
    await tx.execute(_SQL["repoint-joins"], **names)
    await tx.execute(_SQL["insert-join"], **names)


async def move_activity(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    return await tx.execute(
        _SQL["move-activity"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )


async def inherit_import(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    return await tx.execute(
        _SQL["inherit-import"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )
