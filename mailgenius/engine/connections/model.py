"""A connection as others see it. Its secrets are never part of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from mailgenius.channels.contract import Adapter, Channel


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How fast a connection may be used. None: as fast as it goes."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """When the engine chooses this connection by itself, for orders that name none."""

    weight: int = 100
    """Its share, against the weights of the others; 0: never."""
    sender_domains: tuple[str, ...] = ()
    """It takes messages from these domains only, and before all others; none: messages from any domain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmUp:
    """How a new connection earns trust: so many messages on its first day, and by a factor more each day."""

    start: int | None = None
    """None: it does not warm up."""
    factor: float = 1.5
    target: int | None = None
    """When the day's ceiling has grown to this, the warm-up is over."""


class CircuitState(StrEnum):
    """Why nothing is sent through a connection. A connection that works has no circuit."""

    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """A connection that does not work at the moment, and when it is tried again."""

    workspace_id: int
    connection_id: int
    name: str
    state: CircuitState
    failures: int
    reason: str
    opened_at: datetime
    retry_at: datetime
    probe_until: datetime | None
    pauses_warm_up: bool
    """It works, and rests by the rule of its warm-up."""
    rests_s: float
    """Seconds until it may be tried; 0 or less: now."""
    probed: bool
    """An engine is trying it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One account at one provider."""

    id: int
    name: str
    channel: Channel
    provider: str
    settings: dict[str, Any]
    """What may be shown: everything but the secrets."""
    has_secrets: bool
    per_second: int | None
    per_day: int | None
    version: int
    """Grows with every change, so that an open adapter knows that it is out of date."""
    last_error: str
    last_error_at: datetime | None
    created_at: datetime
    archived_at: datetime | None
    per_minute: int | None = None
    per_hour: int | None = None
    weight: int = 100
    sender_domains: tuple[str, ...] = ()
    warm_up_start: int | None = None
    warm_up_factor: float = 1.5
    warm_up_target: int | None = None
    warm_up_from: date | None = None
    ceiling: int | None = None
    """What it may send today: its limit a day, or less while it warms up."""

    @property
    def warm_up(self) -> WarmUp:
        return WarmUp(start=self.warm_up_start, factor=self.warm_up_factor, target=self.warm_up_target)

    @property
    def warming(self) -> bool:
        """Whether today's ceiling is below what it will be."""
        return self.ceiling is not None and self.ceiling != self.per_day

    @property
    def routing(self) -> Routing:
        return Routing(weight=self.weight, sender_domains=self.sender_domains)

    @property
    def limits(self) -> Limits:
        return Limits(
            per_second=self.per_second,
            per_minute=self.per_minute,
            per_hour=self.per_hour,
            per_day=self.per_day,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenConnection:
    """A connection and an adapter made from it. Whoever opens it closes the adapter."""

    connection: Connection
    adapter: Adapter = field(repr=False)
