"""The engines that live, on whatever machine: each tells how it is, and everybody may read it.

An engine has no port to be asked at, so its metrics come along and are summed when they are read. Nothing
here decides anything: which engines there should be is decided where processes are started.
"""

import asyncio
import os
import resource
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from mailgenius.engine.dispatch import metrics
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import MailGeniusError
from mailgenius.kit.logs import logger
from mailgenius.ops import queries
from mailgenius.ops.model import Engine, EngineState, Figures, Sample

BEAT_S = 3.0
ALIVE = timedelta(seconds=15)
"""An engine heard of within this time is listed as alive."""
FORGOTTEN = timedelta(seconds=60)
"""An engine not heard of for so long is taken from the list by the others."""
PATIENCE_S = 10.0
"""How long telling may take: a database that is away must hold up neither the next telling nor the end."""

log = logger(__name__)


async def alive(tx: Tx) -> list[Engine]:
    """Return the engines that live, the oldest first. Wants a trusted transaction."""
    return await queries.engines_alive(tx, unseen=ALIVE)


async def samples(tx: Tx) -> list[Sample]:
    """Return what all engines have counted since the beginning, those that are gone included."""
    return await queries.engine_samples(tx)


async def waiting_batches(tx: Tx, *, limit: int) -> int:
    """Return how many batches could be claimed now, `limit` at most."""
    return await queries.waiting_batches(tx, limit=limit)


class Heartbeat:
    """Tells every few seconds how the engine of this process is, and takes it from the list at the end."""

    def __init__(self, db: Database, *, most_batches: int, stop: asyncio.Event) -> None:
        self._db = db
        self._most_batches = most_batches
        self._stop = stop
        self._host = socket.gethostname()
        self._id = f"{self._host}:{os.getpid()}:{secrets.token_hex(3)}"
        self._started_at = clock.now()
        self._looked_at = time.monotonic()
        self._processor_s = time.process_time()
        self._settled = _settled(_counted())
        self._told: list[Sample] | None = None
        self._before: dict[str, float] = {}
        """What we had counted when the others took us for dead: it is in their sum already."""

    async def run(self, ended: asyncio.Event) -> None:
        """Beat until `ended`. Trouble with the database is logged and waited out."""
        while not ended.is_set():
            await self._survive(self.beat)
            waiting = asyncio.ensure_future(ended.wait())
            await asyncio.wait({waiting}, timeout=BEAT_S)
            waiting.cancel()
        await self._survive(self.leave)

    async def beat(self) -> None:
        """Tell how this engine is, and take those from the list that are not heard of."""
        counted = _counted()
        figures = self._figures(counted)
        async with self._db.trusted() as tx:
            known = self._told is not None and await self._tell(tx, figures, counted)
            if not known:
                # We are new, or were away so long that our row has gone into the sum of those before us.
                self._before |= {_key(sample): sample.value for sample in self._told or ()}
                await queries.add_engine(
                    tx,
                    engine_id=self._id,
                    host=self._host,
                    pid=os.getpid(),
                    started_at=self._started_at,
                    figures=figures,
                    samples=self._since(counted),
                )
            await queries.retire_engines(tx, engine_id="", unseen=FORGOTTEN)
        self._told = counted

    async def leave(self) -> None:
        """Take this engine from the list; what it has counted stays in the sum."""
        if self._told is None:
            return
        counted = _counted()
        async with self._db.trusted() as tx:
            if await self._tell(tx, self._figures(counted), counted):
                await queries.retire_engines(tx, engine_id=self._id, unseen=FORGOTTEN)

    async def _tell(self, tx: Tx, figures: Figures, counted: Sequence[Sample]) -> bool:
        return await queries.beat(tx, engine_id=self._id, figures=figures, samples=self._since(counted))

    def _since(self, counted: Sequence[Sample]) -> list[Sample]:
        if not self._before:
            return list(counted)
        return [
            Sample(name=each.name, labels=each.labels, value=each.value - self._before.get(_key(each), 0.0))
            for each in counted
        ]

    def _figures(self, counted: Sequence[Sample]) -> Figures:
        now, processor_s, settled = time.monotonic(), time.process_time(), _settled(counted)
        seconds = max(now - self._looked_at, 0.001)
        batches = metrics.batches()
        processor = (processor_s - self._processor_s) / seconds
        rate = (settled - self._settled) / seconds
        self._looked_at, self._processor_s, self._settled = now, processor_s, settled
        state = EngineState.WORKING if batches else EngineState.IDLE
        return Figures(
            state=EngineState.STOPPING if self._stop.is_set() else state,
            rate=rate,
            busy=min(1.0, max(processor, batches / self._most_batches)),
            batches=batches,
            memory_bytes=resident_bytes(),
        )

    async def _survive(self, duty: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await duty()
        except (TimeoutError, MailGeniusError) as error:
            log.warning("could not tell how this engine is", reason=type(error).__name__)
        except Exception:
            # A defect in telling must not end the telling, nor the sending.
            log.exception("could not tell how this engine is")


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    # Elsewhere the system tells the most that it ever was: in bytes on macOS, in KiB on others.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _counted() -> list[Sample]:
    """Return what this process has counted so far. Gauges are told as figures."""
    return [
        Sample(name=sample.name, labels=sample.labels, value=sample.value)
        for metric in metrics.GROWING
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


def _settled(counted: Iterable[Sample]) -> float:
    return sum(sample.value for sample in counted if sample.name == metrics.MESSAGES_TOTAL)


def _key(sample: Sample) -> str:
    return f"{sample.name}{sorted(sample.labels.items())}"
