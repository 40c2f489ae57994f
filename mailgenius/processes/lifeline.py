"""Ties a process to its parent: when the parent is gone, however it went, this process drains and stops.

The embedded database has its own watch: kit/db/guardian.py.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 1.0
LAST_S = 45.0
"""A process that has not drained so long after its parent's death is stuck, and nobody is left to kill it."""


def stop_with_parent(parent: int) -> None:
    """Ask for a SIGTERM at the parent's death, and for the end when that does not help.

    Call it early, in the main thread.

    Args:
        parent: its process id, as the parent told it, so that a death before this call is noticed too.
    """
    if sys.platform == "linux":
        # The kernel tells at once; the thread below looks once a second.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_S)
    os.kill(os.getpid(), signal.SIGKILL)
