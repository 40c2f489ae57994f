"""Processor time of processes, from /proc: on a machine that others use too, it says more than the clock.

Figures are zero where the system has no /proc, or the processes run elsewhere.
"""

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    """Tells the processor time that this process and others took since it was asked before."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        """Begin. `roots` are processes by name; what runs below them counts as theirs."""
        self._roots = roots
        self._before = self._read()

    def lap(self, pieces: int) -> dict[str, float]:
        """Return the microseconds for each of some pieces of work, by name; this process is `client`."""
        now = self._read()
        found = {name: round((now[name] - self._before[name]) / pieces * 1e6, 1) for name in now}
        self._before = now
        return found

    def _read(self) -> dict[str, float]:
        return {"client": time.process_time()} | {
            name: tree_seconds(pid) for name, pid in self._roots.items()
        }


def tree_seconds(root: int) -> float:
    """Return the user and system time of a process and of all below it, those that ended among them."""
    spent: dict[int, float] = {}
    below: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        values = _stat(int(folder.name))
        if values:
            below[int(values[1])].append(int(folder.name))
            spent[int(folder.name)] = sum(map(int, values[11:15])) / TICKS
    total, ahead = 0.0, [root]
    while ahead:
        pid = ahead.pop()
        total += spent.get(pid, 0.0)
        ahead += below[pid]
    return total


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 when it is unknown."""
    values = _stat(pid)
    return int(values[1]) if values else 0


def _stat(pid: int) -> list[str]:
    """Return what follows the name in a process's stat, as proc_pid_stat(5) says; nothing if it ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
