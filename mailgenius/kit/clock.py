"""The one place that reads the clock, so that rules can be tested at any time of day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime

_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def within_reach(moment: date) -> bool:
    """Say whether a moment can be kept and shown everywhere: zones have no room at the calendar's ends."""
    return 1 < moment.year < 9999  # noqa: PLR2004  # The years that the calendar ends with.


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Hold the clock at one aware moment inside the block."""
    if moment.tzinfo is None:
        raise ValueError("A fixed clock needs an aware moment.")
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
