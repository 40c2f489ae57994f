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
    """Runs children until it is asked to stop. Children may come and go meanwhile."""

    def __init__(self, children: Sequence[ChildCommand], *, drain_s: float = DRAIN_S) -> None:
        self._children = children
        self._drain_s = drain_s
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, asyncio.Event] = {}
        self._broken = asyncio.Event()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the children that run now, by name."""
        return {name: process.pid for name, process in self._running.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Start the children, keep them alive until `stop` is set, then stop them."""
        for child in self._children:
            self.add(child)
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._broken)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            for wait in waits:
                wait.cancel()
            for name in list(self._stops):
                self.retire(name)
            failures = await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for failure in failures:
            if isinstance(failure, BaseException):
                raise failure

    def add(self, child: ChildCommand) -> None:
        """Start one more child and keep it alive. Its name must be free."""
        if child.name in self._keepers:
            raise ValueError(f"A child is named {child.name} already.")
        stop = self._stops[child.name] = asyncio.Event()
        keeper = self._keepers[child.name] = asyncio.create_task(self._keep(child, stop))
        keeper.add_done_callback(lambda done: self._let_go(child.name, done))

    def retire(self, name: str) -> None:
        """Let one child drain and end, and do not start it again. It keeps its name until it has ended."""
        self._stops[name].set()

    def _let_go(self, name: str, keeper: asyncio.Task[None]) -> None:
        # A keeper fails only by a defect of ours or a command that cannot be started: then all is over.
        if keeper.cancelled() or keeper.exception():
            self._broken.set()
            return
        del self._keepers[name], self._stops[name]

    async def _keep(self, child: ChildCommand, stop: asyncio.Event) -> None:
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            started = time.monotonic()
            process = await _spawn(child)
            self._running[child.name] = process
            code = await self._ended(child, process, stop)
            del self._running[child.name]
            if stop.is_set():
                return
            if time.monotonic() - started > STEADY_S:
                wait_s = FIRST_WAIT_S
            log.error("process ended; starting it again", process=child.name, code=code, wait_s=wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _ended(
        self, child: ChildCommand, process: asyncio.subprocess.Process, stop: asyncio.Event
    ) -> int:
        """Wait until a process has ended, by itself or because `stop` was set and it was told to."""
        ending, stopping = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ending.done():
            _signal(process, signal.SIGTERM)
            await asyncio.wait({ending}, timeout=self._drain_s)
        if not ending.done():
            log.error("process did not stop in time and is killed", process=child.name)
            _signal(process, signal.SIGKILL)
        return await ending


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
