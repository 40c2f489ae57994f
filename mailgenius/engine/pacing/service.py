"""Leave to send, under all limits at once. One short transaction each; nothing is held while sending."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from mailgenius.engine.pacing import queries
from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import LATE_SHARE, Grant, Limit, Meter, Rate, Rules, Scope
from mailgenius.engine.pacing.queries import Taken, holds as holds, list_limits as list_limits
from mailgenius.engine.pacing.quiet import Manners
from mailgenius.engine.pacing.usual import NONE
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem

__all__ = ["Ask", "acquire", "give_back", "hold", "holds", "list_limits", "rules", "set_limits"]

SOON_S = 1.0
"""Leave that begins later is not reserved: whoever would wait that long does something else meanwhile."""
GROUPS_SOON_S = 2.0
"""The same for a window of nothing but slow groups. It books further ahead than others, who fill the moments
that it leaves; were it not first, it would find them all taken."""
URGENT_SOON_S = 3.0
"""The same for what somebody waits for: it takes the first moments behind those that are booked already, and
campaigns, which book less far ahead, find room again behind it."""
STRETCH_S = 1.0
"""A window lasts no longer than this, so that a hold is felt soon and a crash leaves little unknown."""
SHORTEST_WAIT_S = 0.05
EASED_FOR = timedelta(hours=1)
"""How long after a hold a group of mailboxes is taken up again slowly: one message a second at first, and
one a second more each minute."""
HIGHEST_LIMIT = 2_147_483_647
MOST_LIMITS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What a window would like to send, and the meters that have a say."""

    on_all: Sequence[Meter]
    groups: Mapping[MailboxGroup, int] = field(default_factory=dict)
    """Messages of groups that are limited."""
    group_rates: Mapping[MailboxGroup, Rate] = field(default_factory=dict)
    free: int
    """Messages of groups without a limit."""
    ready: float = 0.0
    """Seconds before the first could leave."""
    urgent: bool = False
    """Somebody waits for these messages."""

    @property
    def meters(self) -> list[Meter]:
        return [*self.on_all, *(_group_meter(group, self.group_rates[group]) for group in self.groups)]


async def rules(
    tx: Tx,
    *,
    workspace_id: int,
    connection_id: int,
    connection: Rate,
    usual: Mapping[MailboxGroup, Rate] = NONE,
) -> Rules:
    """Read what a connection has to keep to. What is read holds for about a second.

    Args:
        tx: a trusted transaction.
        workspace_id: whose connection.
        connection_id: which one.
        connection: its own limits.
        usual: the limits of mailbox groups that it keeps to when the workspace sets no others.
    """
    rows = await queries.rules(
        tx, workspace_id=workspace_id, connection_id=connection_id, eased_for=EASED_FOR
    )
    manners = await queries.manners(tx, Manners, workspace_id=workspace_id)
    if not rows:
        return Rules(connection=connection, groups=usual, manners=manners)
    workspace = Rate()
    domains: dict[str, Rate] = {}
    groups = {} if any(row.scope == "no_usual" for row in rows) else dict(usual)
    held: dict[MailboxGroup, float] = {}
    for row in rows:
        if row.scope == Scope.WORKSPACE:
            workspace = row.rate
        elif row.scope == Scope.DOMAIN:
            domains[row.key] = row.rate
        elif row.scope == Scope.GROUP:
            groups[MailboxGroup(row.key)] = row.rate
        elif row.scope == "hold" and row.held_s > 0:
            held[MailboxGroup(row.key)] = row.held_s
    for row in rows:
        if row.scope == "hold" and row.held_s <= 0:
            group = MailboxGroup(row.key)
            groups[group] = _eased(groups.get(group, Rate()), since_s=-row.held_s)
    return Rules(
        connection=connection,
        workspace=workspace,
        domains=domains,
        groups=groups,
        held_s=held,
        manners=manners,
    )


async def acquire(tx: Tx, *, workspace_id: int, ask: Ask) -> Grant:
    """Reserve leave for as many messages as all meters allow, in one round trip.

    With places, each message may leave at its place and no earlier. Without any, do not send, and ask again
    after the wait: the pace is booked for longer than a second, or the day is used up.
    """
    meters = ask.meters
    taken = await _take(tx, workspace_id=workspace_id, ask=ask, meters=meters)
    if taken is None:
        await queries.make_meters(tx, workspace_id=workspace_id, meters=meters)
        taken = await _take(tx, workspace_id=workspace_id, ask=ask, meters=meters)
    if taken is None:
        return Grant(wait=timedelta(seconds=SOON_S))
    if not taken.of_meter:
        return Grant(wait=timedelta(seconds=max(SHORTEST_WAIT_S, taken.retry_in)))
    of_meter = [None] * (1 + len(ask.on_all)) + list(ask.groups)
    places = tuple(
        (of_meter[number], starts_in)
        for number, starts_in in zip(taken.of_meter, taken.starts_in, strict=True)
    )
    late = LATE_SHARE * min(meter.rate.shortest_period for meter in meters)
    return Grant(places=places, late=late)


async def give_back(tx: Tx, *, workspace_id: int, ask: Ask, unsent: Sequence[MailboxGroup | None]) -> None:
    """Return leave of the day for messages that did not leave after all, each by its limited group."""
    counts = {meter: len(unsent) for meter in ask.on_all if meter.rate.per_day}
    for group, rate in ask.group_rates.items():
        if rate.per_day and group in unsent:
            counts[_group_meter(group, rate)] = sum(1 for each in unsent if each is group)
    if counts:
        await queries.return_day(
            tx, workspace_id=workspace_id, meters=list(counts), counts=list(counts.values())
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
    """Let nothing more leave to a group of mailboxes through a connection until the wait is over."""
    await queries.hold(
        tx,
        workspace_id=workspace_id,
        connection_id=connection_id,
        mailbox_group=mailbox_group,
        wait=wait,
        reason=reason[:500],
    )


async def set_limits(tx: Tx, *, workspace_id: int, limits: Sequence[Limit]) -> None:
    """Replace the limits of a workspace. They hold for all engines within a second or two.

    Raises:
        Invalid: a limit is wrong; the problems name `<scope>.<key>`.
    """
    wanted = [limit for limit in limits if limit.rate.limited]
    problems = [problem for limit in limits for problem in _problems(limit)]
    if len(wanted) > MOST_LIMITS:
        problems.append(Problem("limits", "There are too many limits."))
    if len({(limit.scope, limit.key) for limit in wanted}) < len(wanted):
        problems.append(Problem("limits", "There are two limits for the same thing."))
    if problems:
        raise Invalid(problems=problems)
    before = await queries.list_limits(tx, workspace_id=workspace_id)
    await queries.clear_limits(tx, workspace_id=workspace_id)
    for limit in wanted:
        await queries.add_limit(tx, workspace_id=workspace_id, limit=limit)
    change = {
        name: sorted(map(_said, limits), key=str) for name, limits in (("from", before), ("to", wanted))
    }
    if change["from"] == change["to"]:
        audit.unchanged(tx)
        return
    await audit.note(
        tx, workspace_id=workspace_id, action="sending_limits.changed", details={"limits": change}
    )


def _said(limit: Limit) -> dict[str, Any]:
    """Return a limit as the audit log tells it: what it is about, and its numbers."""
    rates = {name: value for name, value in asdict(limit.rate).items() if value is not None}
    return {"of": f"{limit.scope.value} {limit.key}".strip()} | rates


def _problems(limit: Limit) -> list[Problem]:
    name = f"{limit.scope.value}.{limit.key}" if limit.key else limit.scope.value
    rate = limit.rate
    if limit.scope is Scope.WORKSPACE and limit.key:
        return [Problem(name, "The limits of the whole workspace have no key.")]
    values = (rate.per_second, rate.per_minute, rate.per_hour, rate.per_day)
    if any(value is not None and not 0 < value <= HIGHEST_LIMIT for value in values):
        return [Problem(name, "Enter a whole number above zero, or nothing for no limit.")]
    if limit.scope is Scope.GROUP and limit.key not in set(MailboxGroup):
        return [Problem(name, "There is no such group of mailboxes.")]
    if limit.scope is Scope.DOMAIN and ("." not in limit.key or limit.key != limit.key.strip().lower()):
        return [Problem(name, "Enter a domain, such as example.com.")]
    return []


async def _take(tx: Tx, *, workspace_id: int, ask: Ask, meters: Sequence[Meter]) -> Taken | None:
    return await queries.take_places(
        tx,
        workspace_id=workspace_id,
        meters=meters,
        wanted=[None] * len(ask.on_all) + list(ask.groups.values()),
        free=ask.free,
        ready=ask.ready,
        soon=_soon(ask),
        stretch=STRETCH_S,
    )


def _soon(ask: Ask) -> float:
    if ask.urgent:
        return URGENT_SOON_S
    return SOON_S if ask.free or not ask.groups else GROUPS_SOON_S


def _group_meter(group: MailboxGroup, rate: Rate) -> Meter:
    return Meter(scope=Scope.GROUP, key=group.value, rate=rate)


def _eased(rate: Rate, *, since_s: float) -> Rate:
    """Return the rate at which a group is taken up again so long after it asked to be left alone."""
    slow = 1 + int(since_s // 60)
    usual = rate.per_second or slow
    return Rate(
        per_second=min(usual, slow),
        per_minute=rate.per_minute,
        per_hour=rate.per_hour,
        per_day=rate.per_day,
    )
