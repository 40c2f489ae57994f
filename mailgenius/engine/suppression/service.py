"""The rules of suppression. Addresses come as the channel sends to them: e-mail, or E.164.

An address that begins with @ stands for all addresses of that domain, not for those of its subdomains.
"""

from collections.abc import Mapping, Sequence

from mailgenius.engine.suppression import queries
from mailgenius.engine.suppression.erasing import ERASED_ADDRESS
from mailgenius.engine.suppression.errors import NotAReason
from mailgenius.engine.suppression.model import Suppression, SuppressionReason
from mailgenius.kit.db.errors import UniqueConflict
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import Page, decode_cursor, page_of

LONGEST_DETAIL = 500
WORTH_A_LOOK = 100
"""Addresses from which on a look at the list costs less than what it saves."""


async def add(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str,
    addresses: Sequence[str],
    reason: SuppressionReason | str,
    detail: str = "",
) -> int:
    """Suppress addresses, and return how many that changed. Those of erased people are left out.

    An address that was blocked by a person or complained keeps that reason when it bounces later. A second
    call changes nothing.

    Raises:
        NotAReason: the reason is none of ours.
    """
    given = queries.Addition(
        workspace_id=workspace_id,
        channel=channel,
        addresses=[clean for each in addresses if (clean := _normal(each)) != ERASED_ADDRESS],
        reason=_reason(reason),
        detail=detail[:LONGEST_DETAIL],
    )
    if len(addresses) >= WORTH_A_LOOK and not await queries.any_listed(
        tx, workspace_id=workspace_id, channel=channel, addresses=given["addresses"]
    ):
        try:
            async with tx.attempt():
                return await queries.add_fresh(tx, **given)
        except UniqueConflict:
            pass  # Somebody added one since: the way below judges each.
    return await queries.add(tx, **given)


async def add_each(
    tx: Tx, *, workspace_id: int, channel: str, said: Mapping[str, str], reason: SuppressionReason
) -> None:
    """Suppress addresses as `add` does, each with what was said of it, in one statement."""
    wanted = {
        clean: detail[:LONGEST_DETAIL]
        for address, detail in said.items()
        if (clean := _normal(address)) != ERASED_ADDRESS
    }
    await queries.add_each(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        addresses=list(wanted),
        details=list(wanted.values()),
        reason=reason,
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
    keys = {key for address in normal.values() for key in (address, _domain(address)) if key}
    found = await queries.suppressed(tx, workspace_id=workspace_id, channel=channel, addresses=list(keys))
    if ERASED_ADDRESS in keys:
        found[ERASED_ADDRESS] = SuppressionReason.ERASED
    if not found:
        return {}
    reasons = {address: found.get(key) or found.get(_domain(key)) for address, key in normal.items()}
    return {address: reason for address, reason in reasons.items() if reason is not None}


async def list_suppressions(
    tx: Tx,
    *,
    workspace_id: int,
    channel: str | None = None,
    reason: SuppressionReason | None = None,
    holds: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Suppression]:
    """List what is suppressed in alphabetical order, channel by channel; `holds` is a part of the address."""
    rows = await queries.list_after(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        reason=reason,
        holds=_normal(holds),
        after=decode_cursor(cursor, tuple[str, str]) or ("", ""),
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda row: (row.channel, row.address))


def _normal(address: str) -> str:
    return address.strip().lower()


def _domain(address: str) -> str:
    """Return how the whole domain of an e-mail address stands in the list: with an @ in front."""
    _, at, domain = address.rpartition("@")
    return at + domain


def _reason(reason: SuppressionReason | str) -> SuppressionReason:
    if reason not in set(SuppressionReason) or reason == SuppressionReason.ERASED:
        raise NotAReason(reason=reason)
    return SuppressionReason(reason)
