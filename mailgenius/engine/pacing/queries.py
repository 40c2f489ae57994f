"""The statements of pacing, one typed function each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Hold, Limit, Meter, Rate, Scope
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """A limit of the workspace (scope workspace, domain, group), or a hold of the connection (scope hold)."""

    scope: str
    key: str
    rate: Rate
    held_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A connection that the engine may choose by itself."""

    id: int
    weight: int
    sender_domains: tuple[str, ...]
    left_share: float
    """How much of today's limit is left, from 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What each meter granted, and when; with nothing granted, in how many seconds to ask again."""

    tokens: Sequence[int]
    begins_in: Sequence[float]
    retry_in: float


async def rules(tx: Tx, *, workspace_id: int, connection_id: int, eased_for: timedelta) -> list[RuleRow]:
    rows = await tx.rows(
        _SQL["rules"], workspace_id=workspace_id, connection_id=connection_id, eased_for=eased_for
    )
    return [RuleRow(scope=row[0], key=row[1], rate=_rate(row[2:6]), held_s=row[6] or 0.0) for row in rows]


async def take_pace(
    tx: Tx,
    *,
    workspace_id: int,
    meters: Sequence[Meter],
    wanted: Sequence[int | None],
    free: int,
    ready: float,
    soon: float,
    stretch: float,
) -> Taken | None:
    """Return None when a meter is missing."""
    rows = await tx.rows(
        _SQL["take-pace"],
        workspace_id=workspace_id,
        scopes=[meter.scope.value for meter in meters],
        keys=[meter.key for meter in meters],
        intervals=[meter.rate.interval for meter in meters],
        days=[meter.rate.per_day for meter in meters],
        wanted=list(wanted),
        free=free,
        ready=ready,
        soon=soon,
        stretch=stretch,
    )
    return Taken(tokens=rows[0][0], begins_in=rows[0][1], retry_in=rows[0][2]) if rows else None


async def make_meters(tx: Tx, *, workspace_id: int, meters: Sequence[Meter]) -> None:
    await tx.execute(
        _SQL["make-meters"],
        workspace_id=workspace_id,
        scopes=[meter.scope.value for meter in meters],
        keys=[meter.key for meter in meters],
    )


async def return_day(tx: Tx, *, workspace_id: int, meters: Sequence[Meter], counts: Sequence[int]) -> None:
    await tx.execute(
        _SQL["return-day"],
        workspace_id=workspace_id,
        scopes=[meter.scope.value for meter in meters],
        keys=[meter.key for meter in meters],
        counts=list(counts),
    )


async def list_limits(tx: Tx, *, workspace_id: int) -> list[Limit]:
    rows = await tx.rows(_SQL["list-limits"], workspace_id=workspace_id)
    return [Limit(scope=Scope(row[0]), key=row[1], rate=_rate(row[2:6])) for row in rows]


async def clear_limits(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["clear-limits"], workspace_id=workspace_id)


async def add_limit(tx: Tx, *, workspace_id: int, limit: Limit) -> None:
    await tx.execute(
        _SQL["add-limit"],
        workspace_id=workspace_id,
        scope=limit.scope.value,
        key=limit.key,
        per_second=limit.rate.per_second,
        per_minute=limit.rate.per_minute,
        per_hour=limit.rate.per_hour,
        per_day=limit.rate.per_day,
    )


async def hold(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    mailbox_group: MailboxGroup,
    wait: timedelta,
    reason: str,
) -> None:
    await tx.execute(
        _SQL["hold"],
        workspace_id=workspace_id,
        connection_id=connection_id,
        mailbox_group=mailbox_group.value,
        wait=wait,
        reason=reason,
    )


async def holds(tx: Tx, *, workspace_id: int) -> list[Hold]:
    return await tx.all(Hold, _SQL["holds"], workspace_id=workspace_id)


async def candidates(tx: Tx, *, workspace_id: int, channel: str) -> list[Candidate]:
    return await tx.all(Candidate, _SQL["candidates"], workspace_id=workspace_id, channel=channel)


async def domain_groups(tx: Tx, *, domains: Sequence[str]) -> dict[str, MailboxGroup]:
    rows = await tx.rows(_SQL["domain-groups"], domains=list(domains))
    return {domain: MailboxGroup(group) for domain, group in rows}


async def store_domains(
    tx: Tx, *, groups: Mapping[str, MailboxGroup], kept_for: Mapping[str, timedelta]
) -> None:
    await tx.execute(
        _SQL["store-domains"],
        domains=list(groups),
        groups=[group.value for group in groups.values()],
        kept_for=[kept_for[domain] for domain in groups],
    )


def _rate(columns: Sequence[int | None]) -> Rate:
    per_second, per_minute, per_hour, per_day = columns
    return Rate(per_second=per_second, per_minute=per_minute, per_hour=per_hour, per_day=per_day)
