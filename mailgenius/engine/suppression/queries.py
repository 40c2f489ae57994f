"""The statements of suppression, one typed function each."""

from collections.abc import Sequence

from mailgenius.engine.suppression.model import Suppression, SuppressionReason
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
_STRENGTH = [reason.value for reason in SuppressionReason]


async def add(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    reason: SuppressionReason,
    detail: str,
) -> int:
    return await tx.execute(
        _SQL["add"],
        workspace_id=workspace_id,
        channel=channel,
        addresses=list(addresses),
        reason=reason,
        detail=detail,
        strength=_STRENGTH,
    )


async def remove(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    reasons: Sequence[SuppressionReason] | None,
) -> int:
    return await tx.execute(
        _SQL["remove"],
        workspace_id=workspace_id,
        channel=channel,
        addresses=list(addresses),
        reasons=None if reasons is None else list(reasons),
    )


async def suppressed(
    tx: Tx, *, workspace_id: int, channel: str, addresses: Sequence[str]
) -> dict[str, SuppressionReason]:
    rows = await tx.rows(
        _SQL["suppressed"], workspace_id=workspace_id, channel=channel, addresses=list(addresses)
    )
    return {address: SuppressionReason(reason) for address, reason in rows}


async def list_after(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str | None,
    reason: SuppressionReason | None,
    holds: str,
    after: tuple[str, str],
    limit: int,
) -> list[Suppression]:
    return await tx.all(
        Suppression,
        _SQL["list"],
        workspace_id=workspace_id,
        channel=channel,
        reason=reason,
        holds=holds,
        after_channel=after[0],
        after=after[1],
        limit=limit,
    )
