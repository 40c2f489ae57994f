"""The statements of pacing, one typed function each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Hold, Limit, Meter, Rate, Scope
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
T = TypeVar("T")


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
class Health:
    """An order's dead addresses and complaints, and how many its workspace allows."""

    bounced: int
    complained: int
    sent: int
    bounce_percent: float
    bounce_after: int
    complaint_percent: float
    complaint_after: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """The places that were granted, in order of time; without any, in how many seconds to ask again."""

    of_meter: Sequence[int]
    """The number of the group's meter, from 1; 0: for a message of no limited group."""
    starts_in: Sequence[float]
    retry_in: float


async def rules(tx: Tx, *, workspace_id: int, connection_id: int, eased_for: timedelta) -> list[RuleRow]:
    rows = await tx.rows(
        _SQL["rules"], workspace_id=workspace_id, connection_id=connection_id, eased_for=eased_for
    )
    return [RuleRow(scope=row[0], key=row[1], rate=_rate(row[2:6]), held_s=row[6] or 0.0) for row in rows]


async def take_places(
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
        _SQL["take-places"],
        workspace_id=workspace_id,
        scopes=[meter.scope.value for meter in meters],
        keys=[meter.key for meter in meters],
        intervals=[meter.rate.interval for meter in meters],
        slacks=[meter.rate.slack for meter in meters],
        days=[meter.rate.per_day for meter in meters],
        wanted=list(wanted),
        free=free,
        ready=ready,
        soon=soon,
        stretch=stretch,
    )
    return Taken(of_meter=rows[0][0], starts_in=rows[0][1], retry_in=rows[0][2]) if rows else None


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


async def note_health(tx: Tx, *, workspace_id: int, order_id: int, bounced: int, complained: int) -> None:
    await tx.execute(
        _SQL["note-health"],
        workspace_id=workspace_id,
        order_id=order_id,
        bounced=bounced,
        complained=complained,
    )


async def health(tx: Tx, *, workspace_id: int, order_id: int) -> Health | None:
    return await tx.first(Health, _SQL["health"], workspace_id=workspace_id, order_id=order_id)


async def begin_anew(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    await tx.execute(_SQL["begin-anew"], workspace_id=workspace_id, order_id=order_id)


async def manners(tx: Tx, row: type[T], *, workspace_id: int) -> T | None:
    return await tx.first(row, _SQL["manners"], workspace_id=workspace_id)


async def one_at_a_time(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["one-at-a-time"], workspace_id=workspace_id)


async def had(
    tx: Tx,
    *,
    workspace_id: int,
    lead_ids: Sequence[int],
    message_ids: Sequence[int],
    within: timedelta,
) -> list[tuple[int, int, timedelta]]:
    """Return (lead, messages, when the first is long enough ago) of each that had any."""
    rows = await tx.rows(
        _SQL["had"],
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        message_ids=list(message_ids),
        within=within,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def get_sending_rules(tx: Tx, row: type[T], *, workspace_id: int) -> T | None:
    return await tx.first(row, _SQL["get-sending-rules"], workspace_id=workspace_id)


async def set_sending_rules(tx: Tx, *, workspace_id: int, values: Mapping[str, Any]) -> None:
    await tx.execute(_SQL["set-sending-rules"], workspace_id=workspace_id, **values)


async def note_warm_up(
    tx: Tx, *, workspace_id: int, connection_id: int, bounced: int
) -> tuple[int, int] | None:
    """Return (sent, bounced) of today."""
    rows = await tx.rows(
        _SQL["note-warm-up"], workspace_id=workspace_id, connection_id=str(connection_id), bounced=bounced
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def forget_warm_up(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    await tx.execute(_SQL["forget-warm-up"], workspace_id=workspace_id, connection_id=str(connection_id))


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
