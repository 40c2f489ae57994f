"""Which kinds of process are alive on this home folder, told by shared file locks that die with their holder.

The command line asks before it does background work itself. Only this machine is seen: with an external
database other machines may work too, which is safe, because batches and jobs are claimed under locks.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailgenius.processes.roles import Child


@contextmanager
def present(home: Path, child: Child) -> Iterator[None]:
    """Show that a process of this kind is alive for as long as the block runs."""
    with _lock_file(home, child).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def alive(home: Path, child: Child) -> bool:
    """Say whether some process of this kind is alive, including this one."""
    with _lock_file(home, child).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _lock_file(home: Path, child: Child) -> Path:
    return home / f"{child}.lock"
