"""Takes the events of one process, and sees to it that each is written once, by way of the disk if need be.

Events are gathered for some tens of milliseconds and written together. When the database is away they go to
the spool and are replayed when it is back. A caller who waits is not told that an event is safe before it is
in one or the other; docs/decisions/0004-tracking.md says what a crash can cost.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mailgenius.engine.tracking import service
from mailgenius.engine.tracking.errors import MessageGone
from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind
from mailgenius.engine.tracking.spool import Spool, read_chunks
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

GATHER_S = 0.05
MOST_AT_ONCE = 500
WRITE_TIMEOUT = timedelta(seconds=5)
AWAY_S = 5.0
"""After the database did not answer, events go to disk for this long without asking it again."""
REPLAY_EVERY_S = 5.0

log = logger(__name__)


@dataclass(eq=False, slots=True)
class _Batch:
    """Events that will be written together, and who waits for that."""

    events: list[TrackedEvent] = field(default_factory=list)
    written: asyncio.Event = field(default_factory=asyncio.Event)


class Recorder:
    """One per process. Works inside `running()`."""

    def __init__(self, db: Database, folder: Path) -> None:
        """Make a recorder whose spool is in `folder`, which all processes of the machine may share."""
        self._db = db
        self._spool = Spool(folder)
        self._spool_turn = asyncio.Lock()
        self._batch = _Batch()
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._away_until = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write events inside the block; at its end everything that was taken is written."""
        writer = asyncio.create_task(self._write_all())
        replayer = asyncio.create_task(self._replay_always())
        try:
            yield
        finally:
            self._stopping.set()
            self._work.set()
            await asyncio.gather(writer, replayer)
            async with self._spool_turn:
                await asyncio.to_thread(self._spool.close)

    async def record(self, event: TrackedEvent, *, patience: timedelta) -> bool:
        """Take an event, and wait until it is safe, but not longer than `patience`. Returns whether it is."""
        batch = self._batch
        batch.events.append(event)
        self._work.set()
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await batch.written.wait()
        except TimeoutError:
            return False
        return True

    async def unsubscribe(self, event: TrackedEvent) -> None:
        """Unsubscribe at once, or, when the database is away, as soon as it is back: the disk remembers.

        Raises:
            MessageGone: the message is not known here.
            OSError: neither the database nor the disk took it.
        """
        if not self._is_away():
            try:
                await self._unsubscribe_now(event)
            except (Unavailable, TimeoutError):
                self._note_away()
            except MessageGone:
                raise
            except Exception:
                # As in `_write`: the wish of a person outlives our defects.
                log.exception("an unsubscribing could not be written", message=event.message_id)
            else:
                return
        await self._to_disk([event])

    async def replay(self) -> int:
        """Write what is spooled, also by processes that are gone, and return how many events were new.

        A second run finds nothing. Raises Unavailable when the database goes away again.
        """
        added = 0
        # Asked first, or a long outage would leave a file for each try.
        await self._to_database([])
        async with self._spool_turn:
            self._spool.close()
        for file in self._spool.take():
            for chunk in read_chunks(file):
                added += await self._replay_chunk(chunk)
            await asyncio.to_thread(Path(file.name).unlink, missing_ok=True)
        if added:
            log.info("spooled events written", events=added)
        return added

    async def _write_all(self) -> None:
        while not (self._stopping.is_set() and not self._batch.events):
            await self._work.wait()
            if not self._stopping.is_set() and len(self._batch.events) < MOST_AT_ONCE:
                await asyncio.sleep(GATHER_S)
            self._work.clear()
            batch, self._batch = self._batch, _Batch()
            if batch.events:
                await self._write(batch.events)
            batch.written.set()

    async def _write(self, events: Sequence[TrackedEvent]) -> None:
        """Write events to the database or else to disk. Only a broken disk loses them, and says so."""
        if not self._is_away():
            try:
                await self._to_database(events)
            except (Unavailable, TimeoutError) as error:
                self._note_away()
                log.warning("events go to disk", events=len(events), reason=str(error) or "timeout")
            except Exception:
                # A defect of ours must not cost what people did: the replay finds out which event it is.
                log.exception("events could not be written", events=len(events))
            else:
                return
        try:
            await self._to_disk(events)
        except OSError:
            log.exception("events are lost: neither the database nor the disk takes them", events=len(events))

    async def _to_database(self, events: Sequence[TrackedEvent]) -> int:
        async with (
            asyncio.timeout(WRITE_TIMEOUT.total_seconds()),
            self._db.trusted(limit=WRITE_TIMEOUT) as tx,
        ):
            return await service.record(tx, events=events)

    async def _unsubscribe_now(self, event: TrackedEvent) -> None:
        async with (
            asyncio.timeout(WRITE_TIMEOUT.total_seconds()),
            self._db.trusted(limit=WRITE_TIMEOUT) as tx,
        ):
            await service.unsubscribe(tx, event=event)

    async def _to_disk(self, events: Sequence[TrackedEvent]) -> None:
        async with self._spool_turn:
            await asyncio.to_thread(self._spool.append, events)

    async def _replay_always(self) -> None:
        while not self._stopping.is_set():
            try:
                if await asyncio.to_thread(self._spool.waiting):
                    await self.replay()
                    self._away_until = 0.0
            except (Unavailable, TimeoutError):
                self._note_away()
            except Exception:
                log.exception("spooled events could not be replayed")
            try:
                await asyncio.wait_for(self._stopping.wait(), REPLAY_EVERY_S)
            except TimeoutError:
                continue

    async def _replay_chunk(self, chunk: Sequence[TrackedEvent]) -> int:
        left = [event for event in chunk if event.kind is TrackingKind.UNSUBSCRIBE]
        others = [event for event in chunk if event.kind is not TrackingKind.UNSUBSCRIBE]
        for event in left:
            try:
                await self._unsubscribe_now(event)
            except MessageGone:
                log.warning("an unsubscribing came for a message that is gone", message=event.message_id)
        return len(left) + await self._replay_others(others)

    async def _replay_others(self, events: Sequence[TrackedEvent]) -> int:
        """Write events; when they cannot be written together, halve until the one that cannot is found."""
        try:
            return await self._to_database(events)
        except (Unavailable, TimeoutError):
            raise
        except Exception:
            if len(events) == 1:
                log.exception("an event cannot be written and is left out", key=events[0].key.hex())
                return 0
        middle = len(events) // 2
        return await self._replay_others(events[:middle]) + await self._replay_others(events[middle:])

    def _is_away(self) -> bool:
        return asyncio.get_running_loop().time() < self._away_until

    def _note_away(self) -> None:
        self._away_until = asyncio.get_running_loop().time() + AWAY_S
