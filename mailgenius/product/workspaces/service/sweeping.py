"""Forgetting what has run out."""

from datetime import datetime

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.workspaces import queries
from mailgenius.product.workspaces.service.idempotency import KEPT_FOR


async def sweep(tx: Tx, *, now: datetime) -> None:
    """Delete ended sessions, old sign-in counters and old kept answers."""
    await queries.delete_old_sessions(tx, now=now)
    await queries.delete_old_attempts(tx, now=now)
    await queries.delete_old_answers(tx, before=now - KEPT_FOR)
