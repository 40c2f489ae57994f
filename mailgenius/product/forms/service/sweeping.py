"""Forgetting what has run out."""

from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms import queries
from mailgenius.product.forms.model import CONFIRM_WITHIN


async def sweep(tx: Tx) -> None:
    """Delete the answers that nobody confirmed in time, and old counters. A second run finds nothing."""
    await queries.delete_old_submissions(tx, before=clock.now() - CONFIRM_WITHIN)
    await queries.delete_old_tries(tx)
