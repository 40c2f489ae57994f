"""What the operators' pages, API, metrics and command line tell: rows and their words. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EngineState(StrEnum):
    """What an engine is doing."""

    WORKING = "working"
    IDLE = "idle"
    STOPPING = "stopping"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """How an engine is at one moment."""

    state: EngineState
    rate: float
    """Messages settled a second, since the last time it told."""
    busy: float
    """0 to 1: the larger of its share of a processor core and of the batches that it can hold."""
    batches: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine(Figures):
    """An engine, and what it last told of itself."""

    id: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One number of one metric: counters, and the parts of histograms. They only grow, and can be summed."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What waits and what is under way in one channel at one priority."""

    channel: str
    priority: int
    queued: int
    """Messages that have not left; those on the wire at this moment are among them."""
    deferred: int
    """Messages that wait for another attempt."""
    on_wire: int
    """Messages inside open windows: a provider may have them."""
    due_batches: int
    """Batches that could be claimed now."""
    leased_batches: int
    """Batches that engines hold."""
    oldest_seconds: float
    """How long the batch waits that could be claimed first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lately:
    """What happened in orders under way and those of the last days."""

    unknown: int
    """Messages handed over without an answer, which nobody has resolved."""
    sent_this_hour: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Deferred:
    """Messages that wait for one reason."""

    waits_for: str
    """`retry` after an attempt; else what must come first: `pace`, `asked`, `warm_up` and so on."""
    code: str
    """The provider's code at the last attempt; empty without one."""
    example: str
    """What a provider said to one of them."""
    messages: int

    @property
    def name(self) -> str:
        return self.code or self.waits_for


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFigures:
    """Background jobs of the installation."""

    waiting: int
    running: int
    failed: int
    """Given up for good."""
