"""Forgetting what imports keep of people: their rejected rows. The files go with the end of an import."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.imports import queries


async def forget_person(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    """Delete the rejected rows that name a person, and return how many.

    Args:
        tx: the transaction.
        workspace_id: whose imports.
        patterns: what finds the person in a text in lower case; a whole cell comes as “cell”.
    """
    return await queries.forget_person(tx, workspace_id=workspace_id, patterns=patterns)


async def rejects_about(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rejected rows that `forget_person` would delete."""
    return await queries.rejects_about(tx, workspace_id=workspace_id, patterns=patterns)


async def forget_old_rejects(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Delete some rejected rows of imports that ended before a moment; return how many, none at the end."""
    return await queries.forget_old_rejects(tx, workspace_id=workspace_id, before=before, limit=limit)
