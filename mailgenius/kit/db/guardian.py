"""Stops the embedded PostgreSQL when its last user is gone without a word: killed, or crashed.

A small process of its own, started beside the server by embedded.py as a plain file; it imports nothing of
ours, so that it costs nine megabytes and no time. Every second it looks whether anybody holds the usage lock.
The gate makes sure that nobody starts to use the server while it is being stopped.
"""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

LOOK_EVERY_S = 1.0
GATE = "postgres.start"
USAGE = "postgres.lock"
GUARD = "postgres.guard"


def guard(home: Path, stop: list[str]) -> None:
    """Watch until nobody uses the server of `home`, then run the command `stop`. A second guard goes away."""
    with (home / GUARD).open("w") as own:
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        while not _stopped(home, stop, own):
            time.sleep(LOOK_EVERY_S)


def _stopped(home: Path, stop: list[str], own: IO[str]) -> bool:
    try:
        with (home / GATE).open("r+") as gate, (home / USAGE).open("r+") as usage:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
            subprocess.run(stop, stdin=subprocess.DEVNULL, cwd="/", check=False)  # noqa: S603  # Our own command.
            # Before the gate opens: who starts the server next must see that nobody guards it.
            fcntl.flock(own, fcntl.LOCK_UN)
            return True
    except BlockingIOError:
        return False  # Somebody uses the server, or is about to.
    except FileNotFoundError:
        return True  # The home is gone.


def main() -> None:
    """Leave the caller at once and guard in the background: `guardian.py HOME COMMAND…`."""
    if os.fork() == 0:
        os.setsid()
        guard(Path(sys.argv[1]), sys.argv[2:])


if __name__ == "__main__":
    main()
