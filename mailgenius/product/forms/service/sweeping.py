"""Forgetting what has run out, and who asked to be erased."""

from collections.abc import Sequence

from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms import queries
from mailgenius.product.forms.model import CONFIRM_WITHIN


async def sweep(tx: Tx) -> None:
    """Delete the answers that nobody confirmed in time, and old counters. A second run finds nothing."""
    await queries.delete_old_submissions(tx, before=clock.now() - CONFIRM_WITHIN)
    await queries.delete_old_tries(tx)


async def count_of_leads(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    """Return how many answers some leads gave: they go with their leads."""
    return await queries.count_of_leads(tx, workspace_id=workspace_id, lead_ids=lead_ids)


async def forget_person(tx: Tx, *, workspace_id: int, emails: Sequence[str], phones: Sequence[str]) -> int:
    """Delete the answers of a person, and return how many; those of their lead have gone with it."""
    return await queries.forget_person(tx, workspace_id=workspace_id, emails=emails, phones=phones)
