"""The statements of suppression, one typed function each."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from mailgenius.engine.suppression.model import Identity, Suppression, SuppressionReason
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
_STRENGTH = [reason.value for reason in SuppressionReason]
PURPOSE = "erased identities"


def erased_key(tx: Tx) -> dict[str, bytes]:
    """Return the parameters of a statement that looks for erased identities."""
    blocks = tx.keys.hmac_blocks(PURPOSE)
    return {"inner": blocks.inner, "outer": blocks.outer}


class Addition(TypedDict):
    """What the adding statements are told."""

    workspace_id: int
    channel: str
    addresses: Sequence[str]
    reason: SuppressionReason
    detail: str


async def any_listed(tx: Tx, *, workspace_id: int, channel: str, addresses: Sequence[str]) -> bool:
    found: bool = await tx.value(
        _SQL["any-listed"], workspace_id=workspace_id, channel=channel, addresses=list(addresses)
    )
    return found


async def add_fresh(tx: Tx, **given: Unpack[Addition]) -> int:
    addresses = list(given["addresses"])
    return await tx.execute(_SQL["add-fresh"], **{**given, "addresses": addresses}, **erased_key(tx))


async def add(tx: Tx, **given: Unpack[Addition]) -> int:
    addresses = list(given["addresses"])
    return await tx.execute(
        _SQL["add"], **{**given, "addresses": addresses}, strength=_STRENGTH, **erased_key(tx)
    )


async def add_each(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    details: Sequence[str],
    reason: SuppressionReason,
) -> None:
    await tx.execute(
        _SQL["add-each"],
        workspace_id=workspace_id,
        channel=channel,
        addresses=list(addresses),
        details=list(details),
        reason=reason,
        strength=_STRENGTH,
        **erased_key(tx),
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
        _SQL["suppressed"],
        workspace_id=workspace_id,
        channel=channel,
        addresses=list(addresses),
        **erased_key(tx),
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


async def hold_off(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["hold-off-writers"], workspace_id=workspace_id)


async def erase(tx: Tx, *, workspace_id: int, erasure_id: int, identities: Sequence[Identity]) -> int:
    return await tx.execute(
        _SQL["erase-identities"],
        workspace_id=workspace_id,
        erasure_id=erasure_id,
        **_lists(identities),
        **erased_key(tx),
    )


async def erased(tx: Tx, *, workspace_id: int, identities: Sequence[Identity]) -> list[tuple[int, int]]:
    """Return (place, erasure) of the identities that were erased; places count from 0."""
    rows = await tx.rows(
        _SQL["erased-identities"], workspace_id=workspace_id, **_lists(identities), **erased_key(tx)
    )
    return [(place - 1, erasure_id) for place, erasure_id in rows]


async def allow(tx: Tx, *, workspace_id: int, erasure_ids: Sequence[int]) -> int:
    return await tx.execute(
        _SQL["allow-identities"], workspace_id=workspace_id, erasure_ids=list(erasure_ids)
    )


def _lists(identities: Sequence[Identity]) -> dict[str, list[str]]:
    return {
        "kinds": [each.kind.value for each in identities],
        "values": [each.value for each in identities],
    }
