"""How the pace of a long import changed on its way, seen from outside: the rate of each million rows."""

import time
from dataclasses import dataclass, field
from itertools import pairwise

MILLION = 1_000_000


@dataclass(kw_only=True)
class Pace:
    """Looks at a count that grows. It is asked a few times a second, and between two looks it is straight."""

    looks: list[tuple[float, int]] = field(default_factory=list)

    def note(self, count: int) -> None:
        """Note how many rows are in by now. The first look at a growing count is where the clock starts."""
        if not self.looks or count > self.looks[-1][1]:
            self.looks.append((time.perf_counter(), count))
        elif count == 0:
            self.looks[-1] = (time.perf_counter(), 0)

    def rates(self) -> list[int]:
        """Return the rows a second of each whole million; none when there is none."""
        last = self.looks[-1][1] if self.looks else 0
        marks = [self._when(count) for count in range(0, last + 1, MILLION)]
        return [round(MILLION / (then - before)) for before, then in pairwise(marks)]

    def _when(self, count: int) -> float:
        """Return the moment at which so many rows were in."""
        for (before, fewer), (then, more) in pairwise(self.looks):
            if fewer <= count <= more:
                return before + (then - before) * (count - fewer) / (more - fewer)
        return self.looks[-1][0]
