"""How the acts on campaigns stand in the audit log."""

from typing import Any

from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns.model import Campaign


async def note(tx: Tx, action: str, /, *, workspace_id: int, campaign: Campaign, **details: Any) -> None:
    """Note what is done to a campaign, in the transaction of the act."""
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action=action,
        object_id=campaign.id,
        name=campaign.name,
        details=details,
    )
