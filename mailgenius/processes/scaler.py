"""Starts and stops engines of this machine as scaling.py decides. Other machines decide for their own."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger
from mailgenius.ops import engines
from mailgenius.processes.scaling import Course, Look, Span, decide
from mailgenius.processes.supervisor import ChildCommand, Supervisor

LOOK_EVERY_S = 2.0
MOST_WAITING = 100
"""As many waiting batches are counted: how many more there are changes nothing."""

log = logger(__name__)


class Scaler:
    """Looks every two seconds and tells the supervisor. The youngest engine goes first."""

    def __init__(
        self, db: Database, supervisor: Supervisor, *, command: Callable[[int], ChildCommand], span: Span
    ) -> None:
        self._db = db
        self._supervisor = supervisor
        self._command = command
        self._span = span
        self._host = socket.gethostname()
        self._engines = [command(number).name for number in range(1, span.fewest + 1)]
        self._started = span.fewest

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the number of engines right until `stop` is set. Starts none of the first ones."""
        course = Course()
        while not stop.is_set():
            try:
                course = await self._step(course)
            except Unavailable as error:
                log.warning("the database is away", detail=error.message)
            except Exception:
                # Whatever it is, the engines that run go on.
                log.exception("the number of engines was not looked at")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)

    async def _step(self, course: Course) -> Course:
        look = await self._look()
        course, wanted = decide(course, look, self._span)
        if wanted > len(self._engines):
            self._started += 1
            child = self._command(self._started)
            self._engines.append(child.name)
            self._supervisor.add(child)
            self._tell("one more engine", look, wanted)
        elif wanted < len(self._engines):
            self._supervisor.retire(self._engines.pop())
            self._tell("one engine less", look, wanted)
        return course

    async def _look(self) -> Look:
        async with self._db.trusted() as tx:
            waiting = await engines.waiting_batches(tx, limit=MOST_WAITING)
            alive = await engines.alive(tx)
        pids = self._supervisor.pids
        own = {pids[name] for name in self._engines if name in pids}
        here = [engine for engine in alive if engine.host == self._host and engine.pid in own]
        count = len(self._engines)
        return Look(
            at=time.monotonic(),
            waiting=waiting,
            engines=count,
            working=len(here) == count and all(engine.batches for engine in here),
            busy=sum(engine.busy for engine in here) / count,
            rate=sum(engine.rate for engine in here),
            resting=not any(engine.batches for engine in here),
        )

    def _tell(self, what: str, look: Look, wanted: int) -> None:
        log.info(what, engines=wanted, busy=round(look.busy, 2), waiting=look.waiting, rate=round(look.rate))
