"""How acts on leads stand in the audit log: by ids alone, because the log outlives who was erased."""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import SYSTEM
from mailgenius.product.leads.bulk_model import BulkAct


async def note_leads(
    tx: Tx, action: str, /, *, workspace_id: int, lead_ids: Sequence[int], count: int = 1, **details: Any
) -> None:
    """Note what somebody does to leads that they named.

    A step of an act on many is not noted: that was done when the act was asked for.
    """
    if tx.by == SYSTEM:
        return
    if not count:
        audit.unchanged(tx)
        return
    several = {} if len(lead_ids) == 1 else {"count": count, "leads": [str(each) for each in lead_ids]}
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action=action,
        object_id=lead_ids[0] if len(lead_ids) == 1 else "",
        details=several | details,
    )


async def note_act(tx: Tx, action: str, /, *, workspace_id: int, act: BulkAct) -> None:
    """Note that an act on many leads was asked for, stopped, or came to its end."""
    details = {
        "act": act.act,
        "tags": act.tags,
        "status": act.status,
        "fields": sorted(act.fields or {}),
        "filter": {
            # What was looked for may be a person, whom the log would outlive.
            name: True if name in {"text", "fields"} else value
            for name, value in act.filter.items()
            if name not in {"ids", "segment"}
        },
        "segment": str((act.match.segment or {}).get("segment_id", "")),
        "total": act.total,
        "changed": act.changed,
        "undoes": act.undoes,
    }
    said = {name: value for name, value in details.items() if value}
    await audit.note(tx, workspace_id=workspace_id, action=action, object_id=act.id, details=said)
