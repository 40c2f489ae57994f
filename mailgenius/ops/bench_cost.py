"""What a bench cost: processor time and memory of the processes that took part, as Linux counts them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
_TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _CHILDREN, _PAGES = 1, slice(11, 13), slice(13, 15), 21
"""Where /proc/<pid>/stat has these, counted from behind the name of the program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Processor time since the start of each part, in microseconds, at one moment of the run."""

    messages: int
    engines: float
    postgres: float
    sink: float
    resident: int
    """Bytes of the biggest engine."""


@dataclass(kw_only=True)
class Meter:
    """Reads the processes at the first message, at parts of the way, and at the end."""

    engines: Sequence[int]
    postgres: int
    """The server's first process, which has the time of all that ended."""
    sink: int
    messages: int
    readings: list[Reading] = field(default_factory=list)

    def look(self, count: int) -> None:
        """Take a reading when another tenth of the messages has come."""
        if count and count * 10 // self.messages >= len(self.readings):
            self.readings.append(self.read(count))

    def read(self, count: int) -> Reading:
        return Reading(
            messages=count,
            engines=sum(map(processor_time, self.engines)),
            postgres=processor_time(self.postgres) + sum(map(processor_time, _children(self.postgres))),
            sink=processor_time(self.sink),
            resident=max((_resident(pid) for pid in self.engines), default=0),
        )

    def result(self) -> dict[str, float]:
        """Return the cost of a message, how it grew from the first half to the second, and memory."""
        if len(self.readings) < 3 or not self.readings[0].resident:  # noqa: PLR2004  # a beginning, a middle, an end
            return {}
        first, middle, last = self.readings[0], self.readings[len(self.readings) // 2], self.readings[-1]
        early, late = _cost(first, middle), _cost(middle, last)
        # An engine is warm after a tenth of the way.
        warm = self.readings[1].resident
        return {
            "engine_cpu_us": round(_each(first, last, last.engines - first.engines), 1),
            "postgres_cpu_us": round(_each(first, last, last.postgres - first.postgres), 1),
            "sink_cpu_us": round(_each(first, last, last.sink - first.sink), 1),
            "cost_growth": round(late / early, 3) if early else 1.0,
            "engine_rss_mb_start": round(warm / MIB, 1),
            "engine_rss_mb_end": round(last.resident / MIB, 1),
        }


def _cost(first: Reading, last: Reading) -> float:
    before, after = (each.engines + each.postgres + each.sink for each in (first, last))
    return _each(first, last, after - before)


def _each(first: Reading, last: Reading, spent: float) -> float:
    return spent / max(last.messages - first.messages, 1)


def _stat(pid: int) -> list[str]:
    """Return what Linux knows of a process; nothing when it is gone, or this is not Linux."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def processor_time(pid: int) -> float:
    """Return the time of a process and of its children that ended, in microseconds."""
    stat = _stat(pid)
    return sum(map(int, [*stat[_OWN], *stat[_CHILDREN]])) * _TICK_US


def _resident(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[_PAGES]) * os.sysconf("SC_PAGE_SIZE") if stat else 0


def _children(pid: int) -> Iterator[int]:
    for each in Path("/proc").glob("[0-9]*"):
        stat = _stat(int(each.name))
        if stat and int(stat[_PARENT]) == pid:
            yield int(each.name)
