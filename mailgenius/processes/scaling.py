"""How many engines this machine should run: decided from what is seen, without a clock, processes or tables.

One more when work waits that the engines here, all of them at work, do not take: whatever keeps them from it,
their processor or the number of their connections, another engine has its own. One less when nothing waits,
or nothing that they may take, and the others could do its part at half their strength. Both must hold for a
while. When one more did not help, something else is the limit, and no more are tried for a time.
"""

import os
from dataclasses import dataclass, replace

from mailgenius.kit.errors import invalid

MOST_BY_DEFAULT = 8
MOST = 64
HALF = 0.5
"""What the others may be loaded with after one has gone."""
HUNGRY_S = 4.0
IDLE_S = 60.0
SETTLING_S = 12.0
"""An engine needs this long to start and to show in the figures."""
HELPED = 1.1
"""One more engine must raise the rate at least so far, or it was of no use."""
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Span:
    """The fewest and the most engines that this machine may run."""

    fewest: int
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is seen at one moment."""

    at: float
    """Seconds of a clock that only goes forward."""
    waiting: int
    """Batches that could be claimed now, by anybody."""
    engines: int
    """Engines that this machine runs."""
    working: bool
    """Whether each of them has work."""
    busy: float
    """0 to 1: how busy they are on average."""
    rate: float
    """Messages that they settle a second, together."""
    resting: bool = False
    """Whether none of them has work: then what waits is left alone, as with a connection that fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What is remembered from one look to the next."""

    hungry_since: float | None = None
    idle_since: float | None = None
    changed_at: float = float("-inf")
    rate_before: float | None = None
    """The rate before the last engine was added, until it is known whether that helped."""
    patient_until: float = float("-inf")


def parse_span(text: str) -> Span:
    """Read `MIN..MAX` or one number; nothing means one to as many as there are cores.

    Raises:
        Invalid: it is neither, or out of range.
    """
    if not text.strip():
        return Span(1, max(1, min(os.cpu_count() or 1, MOST_BY_DEFAULT)))
    first, dots, last = text.strip().partition("..")
    numbers = [first, last] if dots else [first, first]
    if not all(number.isdecimal() for number in numbers):
        raise invalid("engines", "must be a number, such as 2, or two, such as 1..4")
    fewest, most = map(int, numbers)
    if not 1 <= fewest <= most <= MOST:
        raise invalid("engines", f"must lie between 1 and {MOST}, the smaller number first")
    return Span(fewest, most)


def decide(course: Course, look: Look, span: Span) -> tuple[Course, int]:
    """Return what to remember and how many engines there should be: never more than one up or down."""
    course = _noted(course, look)
    if look.at - course.changed_at < SETTLING_S:
        return course, look.engines
    course = _judged(course, look)
    if (
        look.engines < span.most
        and look.at >= course.patient_until
        and _long(course.hungry_since, look, HUNGRY_S)
    ):
        return _changed(course, look, rate_before=look.rate), look.engines + 1
    if look.engines > span.fewest and _long(course.idle_since, look, IDLE_S):
        return _changed(course, look, rate_before=None), look.engines - 1
    return course, look.engines


def _noted(course: Course, look: Look) -> Course:
    """Remember since when there is too much to do, or too little."""
    hungry = look.waiting > 0 and look.working
    idle = (look.waiting == 0 or look.resting) and look.busy * look.engines <= HALF * (look.engines - 1)
    return replace(
        course,
        hungry_since=(look.at if course.hungry_since is None else course.hungry_since) if hungry else None,
        idle_since=(look.at if course.idle_since is None else course.idle_since) if idle else None,
    )


def _judged(course: Course, look: Look) -> Course:
    """See whether the engine that was added last has helped: it shows only while there is enough to do."""
    if course.rate_before is None or course.hungry_since is None:
        return course
    helped = look.rate >= course.rate_before * HELPED
    patient_until = course.patient_until if helped else look.at + PATIENCE_S
    return replace(course, rate_before=None, patient_until=patient_until)


def _changed(course: Course, look: Look, *, rate_before: float | None) -> Course:
    return replace(course, hungry_since=None, idle_since=None, changed_at=look.at, rate_before=rate_before)


def _long(since: float | None, look: Look, seconds: float) -> bool:
    return since is not None and look.at - since >= seconds
