"""The rules of suppression. Addresses come as the channel sends to them: e-mail, or E.164."""

from collections.abc import Sequence

from mailgenius.engine.suppression import queries
from mailgenius.engine.suppression.errors import NotAReason
from mailgenius.engine.suppression.model import Suppression, SuppressionReason
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import Page, decode_cursor, page_of

LONGEST_DETAIL = 500


async def add(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    reason: SuppressionReason | str,
    detail: str = "",
) -> int:
    """Suppress addresses, and return how many that changed.

    An address that was blocked by a person or complained keeps that reason when it bounces later. A second
    call changes nothing.

    Raises:
        NotAReason: the reason is none of ours.
    """
    return await queries.add(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        addresses=[_normal(address) for address in addresses],
        reason=_reason(reason),
        detail=detail[:LONGEST_DETAIL],
    )


async def remove(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    reasons: Sequence[SuppressionReason | str] | None = None,
) -> int:
    """Lift suppressions and return how many there were; with `reasons`, only those."""
    return await queries.remove(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        addresses=[_normal(address) for address in addresses],
        reasons=None if reasons is None else [_reason(reason) for reason in reasons],
    )


async def suppressed(
    tx: Tx, *, workspace_id: int, channel: str, addresses: Sequence[str]
) -> dict[str, SuppressionReason]:
    """Return the suppressed ones among some addresses, as they were given, with the reason of each."""
    normal = {address: _normal(address) for address in addresses}
    found = await queries.suppressed(
        tx, workspace_id=workspace_id, channel=channel, addresses=list(normal.values())
    )
    if not found:
        return {}
    return {address: found[key] for address, key in normal.items() if key in found}


async def list_suppressions(
    tx: Tx, *, workspace_id: int, channel: str, limit: int = 50, cursor: str | None = None
) -> Page[Suppression]:
    """List a channel's suppressed addresses in alphabetical order."""
    key = decode_cursor(cursor, tuple[str])
    rows = await queries.list_after(
        tx, workspace_id=workspace_id, channel=channel, after=key[0] if key else "", limit=limit + 1
    )
    return page_of(rows, limit=limit, key=lambda row: (row.address,))


def _normal(address: str) -> str:
    return address.strip().lower()


def _reason(reason: SuppressionReason | str) -> SuppressionReason:
    try:
        return SuppressionReason(reason)
    except ValueError as error:
        raise NotAReason(reason=reason) from error
