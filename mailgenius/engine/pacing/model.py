"""What pacing is asked for and what it answers."""

from dataclasses import dataclass
from datetime import timedelta

LONGEST_BURST_S = 0.5
"""A window holds no more messages than the pace allows for this long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The limits of one connection."""

    per_second: int | None
    per_day: int | None

    @property
    def limited(self) -> bool:
        return self.per_second is not None or self.per_day is not None

    @property
    def burst(self) -> int | None:
        """Return the most messages that may be sent together; None when there is no limit per second."""
        if self.per_second is None:
            return None
        return max(1, int(self.per_second * LONGEST_BURST_S))


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """Leave to send some messages from a moment on."""

    count: int
    wait: timedelta
    """How long to wait before sending; with a count of 0, before asking again."""
