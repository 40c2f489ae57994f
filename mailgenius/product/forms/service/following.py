"""Answers follow the lead that they became into the one that it is merged with."""

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms import queries


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have the answers of one lead belong to another; return how many. A second run finds none."""
    return await queries.follow_lead(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)
