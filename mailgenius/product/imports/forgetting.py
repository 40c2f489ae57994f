"""Forgetting what imports keep of people: their rejected rows. The files go with the end of an import."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.imports import queries

_BRAZILIAN = re.compile(r"^55([1-9]{2})(9?)([0-9]{8})$")


async def forget_person(tx: Tx, *, workspace_id: int, texts: Sequence[str], phones: Sequence[str]) -> int:
    """Delete the rejected rows that name a person, and return how many.

    Args:
        tx: the transaction.
        workspace_id: whose imports.
        texts: what the person is known by.
        phones: those of them that are numbers, in E.164: they are found in any notation.
    """
    return await queries.forget_person(tx, workspace_id=workspace_id, **_looked_for(texts, phones))


async def rejects_about(
    tx: Tx, *, workspace_id: int, texts: Sequence[str], phones: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rejected rows that `forget_person` would delete."""
    return await queries.rejects_about(tx, workspace_id=workspace_id, **_looked_for(texts, phones))


async def forget_old_rejects(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Delete some rejected rows of imports that ended before a moment; return how many, none at the end."""
    return await queries.forget_old_rejects(tx, workspace_id=workspace_id, before=before, limit=limit)


def _looked_for(texts: Sequence[str], phones: Sequence[str]) -> dict[str, list[str]]:
    return {
        "texts": [text.lower() for text in texts],
        "digits": sorted({each for phone in phones for each in _written(phone)}),
    }


def _written(phone: str) -> list[str]:
    """Return the digits of a number as files have it: with and without the country, and the ninth digit."""
    digits = phone.removeprefix("+")
    brazilian = _BRAZILIAN.match(digits)
    if brazilian is None:
        return [digits, "00" + digits]
    area, _, rest = brazilian.groups()
    return [start + area + ninth + rest for start in ("", "0", "55", "0055") for ninth in ("", "9")]
