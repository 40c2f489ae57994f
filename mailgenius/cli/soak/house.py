"""Where the soak works: a throw-away installation, whose processes and database server may be killed."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.record import Record
from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.queries import parse_queries
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.services import Services
from mailgenius.ops.bench_place import environment, scratch_folder
from mailgenius.processes.roles import Child
from mailgenius.processes.services import prepared_services
from mailgenius.processes.supervisor import ChildCommand, Supervisor

FAULTS = parse_queries(Path(__file__).with_name("faults.sql").read_text(encoding="utf-8"))
STOP_S = 60

Process = asyncio.subprocess.Process


class SoakStuck(Unavailable):
    """The soak did not come to its end: {detail}."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A running mail server that misbehaves: its ports by behaviour, and what it recorded."""

    ports: dict[str, int]
    record: Record


@dataclass(kw_only=True)
class House:
    """A throw-away installation, and the processes of it that run now."""

    settings: Settings
    services: Services
    server: EmbeddedPostgres
    scale: float
    """By how much the trials are made smaller; 1 is the promised size."""
    say: Callable[[str], None]
    running: list[Process] = field(default_factory=list)

    def scaled(self, number: int, *, least: int) -> int:
        """Return a number of the promised size at this scale."""
        return max(least, round(number * self.scale))

    async def start(self, child: Child, *options: str) -> Process:
        """Start a child process as the supervisor does."""
        with self._log(child).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *_command(child, *options), env=environment(self.settings), stdout=log, stderr=log,
                stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        return process

    @asynccontextmanager
    async def supervised(self, child: Child) -> AsyncIterator[None]:
        """Run one process inside the block; the product's supervisor starts it again when it ends."""
        # The supervisor's children talk to its terminal; here their words go where those of the others do.
        command = ("/bin/sh", "-c", 'exec "$@" >>"$0" 2>&1', str(self._log(child)), *_command(child))
        supervisor = Supervisor(
            [ChildCommand(name=child, command=command, environment=environment(self.settings))]
        )
        stop = asyncio.Event()
        running = asyncio.create_task(supervisor.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running

    def _log(self, child: Child) -> Path:
        return self.settings.home / f"{child}.log"

    async def kill(self, process: Process) -> None:
        """End a process without a word to it, as a power cut would."""
        self.running.remove(process)
        process.kill()
        await process.wait()

    async def stop(self, process: Process) -> float:
        """Tell a process to stop, and return how long it took.

        Raises:
            SoakStuck: it did not stop, or not in good order.
        """
        self.running.remove(process)
        started = time.monotonic()
        process.terminate()
        try:
            code = await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise SoakStuck(detail="a process did not stop when told to") from None
        if code:
            raise SoakStuck(detail=f"a process that was told to stop ended with {code}. {self.last_words()}")
        return time.monotonic() - started

    @asynccontextmanager
    async def working(self, child: Child, number: int, *options: str) -> AsyncIterator[list[Process]]:
        """Run some processes of a kind inside the block. They may be killed and replaced in the list."""
        processes = [await self.start(child, *options) for _ in range(number)]
        try:
            yield processes
        finally:
            for process in processes:
                if process in self.running:
                    await self.stop(process)

    @asynccontextmanager
    async def peer(self, *behaviours: Behaviour) -> AsyncIterator[Peer]:
        """Run a mail server that behaves like this, as a process of its own."""
        path = Path(tempfile.mkstemp(dir=self.settings.home, prefix="peer-", suffix=".tsv")[1])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "mailgenius.cli.soak.peer", str(os.getpid()), str(path),
            msgspec.json.encode(behaviours),
            stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.running.append(process)
        try:
            line = await asyncio.wait_for(process.stdout.readline(), 30) if process.stdout else b""
            yield Peer(ports=msgspec.json.decode(line, type=dict[str, int]), record=Record(path))
        finally:
            if process in self.running:
                await self.stop(process)

    async def until(self, happened: Callable[[], object], *, within: float, what: str) -> float:
        """Wait for something to happen, and return how long that took.

        Raises:
            SoakStuck: it did not happen.
        """
        started = time.monotonic()
        while not happened():
            if time.monotonic() - started > within:
                raise SoakStuck(detail=f"{what} did not happen within {within:.0f} s. {self.last_words()}")
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    def last_words(self) -> str:
        """Return the end of what the engines said."""
        log = self._log(Child.ENGINE)
        return log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else ""


@asynccontextmanager
async def house(*, home: Path, scale: float, say: Callable[[str], None]) -> AsyncIterator[House]:
    """Build an installation in a folder of its own, and leave nothing of it behind."""
    with scratch_folder(home, prefix="soak-") as folder:
        settings = load_settings({"MAILGENIUS_HOME": str(folder)})
        async with prepared_services(settings) as services:
            made = House(
                settings=settings,
                services=services,
                server=EmbeddedPostgres(settings.home),
                scale=scale,
                say=say,
            )
            try:
                yield made
            finally:
                await _end(made.running)


def _command(child: Child, *options: str) -> list[str]:
    roles = "edge" if child is Child.HTTP else child
    module = [sys.executable, "-P", "-m", "mailgenius.processes", child, "--parent", str(os.getpid())]
    return [*module, "--roles", roles, *options]


async def _end(processes: Sequence[Process]) -> None:
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()
