"""Limits, the leave that is given under them, and the waits that mailboxes ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.quiet import Manners

HEADROOM = 1.04
"""Messages are set this much further apart than the limit asks for: what the network and a busy machine may
move a message by, without a second ever holding one too many. It costs 4 % of the limit."""
LATE_SHARE = 0.015
"""A message that is later than this share of the limit's period loses its place."""
SLACK_SHARE = 0.006
"""By so much of the limit's period a message may be behind its moment, for want of a place under another
limit, before the next one moves back too. With the late share it stays inside the headroom."""
PERIODS = {"per_second": 1.0, "per_minute": 60.0, "per_hour": 3600.0}


class Scope(StrEnum):
    """What a limit is on."""

    CONNECTION = "connection"
    ORDER = "order"
    WORKSPACE = "workspace"
    DOMAIN = "domain"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """How many messages may leave in any second, minute and hour, and in a day in UTC. None: any number."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None

    @property
    def limited(self) -> bool:
        return any((self.per_second, self.per_minute, self.per_hour, self.per_day))

    @property
    def interval(self) -> float:
        """Return the seconds from one message to the next; 0 when only the day is limited."""
        spans = [period / limit for period, limit in self._limits()]
        return max(spans, default=0.0) * HEADROOM

    @property
    def shortest_period(self) -> float:
        """Return the length of the shortest limited period, in seconds: how exact a place in time must be."""
        return min((period for period, _ in self._limits()), default=86_400.0)

    @property
    def slack(self) -> float:
        """Return how far behind its moment a message may be placed at no cost, in seconds."""
        return SLACK_SHARE * self.shortest_period

    def _limits(self) -> list[tuple[float, int]]:
        found = ((period, getattr(self, name)) for name, period in PERIODS.items())
        return [(period, limit) for period, limit in found if limit]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A limit that a workspace set, beyond those of its connections."""

    scope: Scope
    key: str
    rate: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A wait that a group of mailboxes asked for."""

    connection_id: int
    mailbox_group: MailboxGroup
    until: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What one connection of one workspace has to keep to, as read a moment ago."""

    connection: Rate = field(default_factory=Rate)
    workspace: Rate = field(default_factory=Rate)
    domains: Mapping[str, Rate] = field(default_factory=dict)
    groups: Mapping[MailboxGroup, Rate] = field(default_factory=dict)
    held_s: Mapping[MailboxGroup, float] = field(default_factory=dict)
    """Groups that nothing may be sent to, and for how long from now."""
    manners: Manners | None = None
    """Quiet hours and frequency cap; None when the workspace has none."""

    @property
    def sorts_mailboxes(self) -> bool:
        """Whether it matters which group a recipient belongs to."""
        return bool(self.groups or self.held_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """One limit that a window is measured by."""

    scope: Scope
    key: str
    rate: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What the meters allow: how many messages, and when."""

    places: tuple[tuple[MailboxGroup | None, float], ...] = ()
    """One for each message, in order of time: of which limited group it must be (None: of no limited one),
    and how many seconds from now it may leave."""
    wait: timedelta = timedelta(0)
    """Without places: how long to wait before asking again."""
    late: float = 0.0
    """How many seconds later than its place a message may leave."""
