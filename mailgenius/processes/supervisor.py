"""Keeps child processes alive: restarts the crashed with growing waits, and stops all of them in good order.

It knows commands and nothing of what they do. What the children are is decided in start.py.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailgenius.kit.logs import logger

DRAIN_S = 30.0
"""How long children may finish what they hold before they are killed."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0
"""A child that lived this long has recovered: its next crash starts from the shortest wait again."""

log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class ChildCommand:
    """How to start one child."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)


class Supervisor:
    """Runs children until it is asked to stop."""

    def __init__(self, children: Sequence[ChildCommand], *, drain_s: float = DRAIN_S) -> None:
        self._children = children
        self._drain_s = drain_s
        self._running: dict[str, asyncio.subprocess.Process] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the children that run now, by name."""
        return {name: process.pid for name, process in self._running.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Start the children, keep them alive until `stop` is set, then stop them."""
        keepers = [asyncio.create_task(self._keep(child, stop)) for child in self._children]
        waiting = asyncio.create_task(stop.wait())
        try:
            # A keeper ends before `stop` only by a defect of ours or a command that cannot be started.
            done, _ = await asyncio.wait({waiting, *keepers}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stop.set()
            waiting.cancel()
            self._tell_all(signal.SIGTERM)
            _, late = await asyncio.wait(keepers, timeout=self._drain_s)
            if late:
                log.error("processes did not stop in time and are killed", processes=sorted(self._running))
                self._tell_all(signal.SIGKILL)
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, child: ChildCommand, stop: asyncio.Event) -> None:
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            started = time.monotonic()
            process = await _spawn(child)
            self._running[child.name] = process
            if stop.is_set():
                # The order to stop came while the child was being started and may have missed it.
                _signal(process, signal.SIGTERM)
            code = await process.wait()
            del self._running[child.name]
            if stop.is_set():
                return
            if time.monotonic() - started > STEADY_S:
                wait_s = FIRST_WAIT_S
            log.error("process ended; starting it again", process=child.name, code=code, wait_s=wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _tell_all(self, number: signal.Signals) -> None:
        for process in self._running.values():
            _signal(process, number)


async def _spawn(child: ChildCommand) -> asyncio.subprocess.Process:
    # A session of its own: Ctrl-C reaches the supervisor alone, which then tells the children in order.
    return await asyncio.create_subprocess_exec(
        *child.command,
        env={**os.environ, **child.environment},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


@contextlib.contextmanager
def stopping_on_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` on SIGTERM, Ctrl-C and a closed terminal, inside the block and in the running loop."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
