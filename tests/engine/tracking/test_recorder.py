"""The recorder: micro-batches, and the disk while the database is away. The outage is a real one."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from mailgenius.engine.tracking import recorder as recorder_module
from mailgenius.engine.tracking.recorder import Recorder
from mailgenius.engine.tracking.spool import Spool
from mailgenius.kit.db.database import Database
from tests.engine.tracking.test_recording import CLICK, LEAVE, OPEN, Sent, _suppressed, make_sent

PATIENCE = timedelta(seconds=60)


@pytest.fixture
async def sent(db: Database, workspace_id: int) -> Sent:
    return await make_sent(db, workspace_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "WRITE_TIMEOUT", timedelta(seconds=1))
    monkeypatch.setattr(recorder_module, "AWAY_S", 0.5)
    monkeypatch.setattr(recorder_module, "REPLAY_EVERY_S", 0.2)


@asynccontextmanager
async def outage(server: str, database_url: str) -> AsyncIterator[None]:
    """Shut the test's database for everybody inside the block."""
    name = database_url.split("?", maxsplit=1)[0].rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def _until_replayed(folder: Path) -> None:
    async with asyncio.timeout(90):
        while list(folder.glob("*")):
            await asyncio.sleep(0.1)


async def test_events_are_written_together_and_waited_for(sent: Sent, db: Database, folder: Path):
    recorder = Recorder(db, folder)
    async with recorder.running():
        safe = await asyncio.gather(
            *[recorder.record(sent.event(OPEN, number), patience=PATIENCE) for number in range(50)]
        )
        assert all(safe)
        assert await sent.rolled_up() == {("open", 0, 0): (50, 1, 0)}
    assert not folder.exists()


async def test_what_was_taken_is_written_at_the_end(sent: Sent, db: Database, folder: Path):
    recorder = Recorder(db, folder)
    async with recorder.running():
        for number in range(3):
            await recorder.record(sent.event(CLICK, number, link_no=1), patience=timedelta(0))
    assert (await sent.rolled_up())["click", 0, 0] == (3, 1, 0)


@pytest.mark.usefixtures("_short_waits")
async def test_during_an_outage_events_go_to_disk_and_are_replayed_once(
    sent: Sent, db: Database, folder: Path, server: str, database_url: str
):
    recorder = Recorder(db, folder)
    async with recorder.running():
        assert await recorder.record(sent.event(OPEN, 0), patience=PATIENCE)
        async with outage(server, database_url):
            assert await recorder.record(sent.event(OPEN, 1), patience=PATIENCE)
            assert await recorder.record(sent.event(CLICK, 2, link_no=1, url="https://a"), patience=PATIENCE)
            await recorder.unsubscribe(sent.event(LEAVE, 3))
            assert len(list(folder.glob("*.events"))) == 1
        await _until_replayed(folder)
        assert await recorder.record(sent.event(OPEN, 4), patience=PATIENCE)
    assert await sent.rolled_up() == {
        ("open", 0, 0): (3, 1, 0),
        ("click", 0, 0): (1, 1, 0),
        ("click", 1, 0): (1, 1, 0),
        ("unsubscribe", 0, 0): (1, 1, 0),
    }
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}


async def test_a_replay_that_stopped_half_way_counts_nothing_twice(sent: Sent, db: Database, folder: Path):
    events = [sent.event(OPEN, number) for number in range(5)]
    await sent.record(*events[:3])
    spool = Spool(folder)
    spool.append([*events, sent.event(LEAVE, 9)])
    spool.append([events[0]])
    assert await Recorder(db, folder).replay() == 0  # The file is still another's.
    spool.close()
    await Recorder(db, folder).replay()
    assert (await sent.rolled_up())["open", 0, 0] == (5, 1, 0)
    assert not list(folder.glob("*"))


async def test_a_dead_process_leaves_its_events_to_others(sent: Sent, db: Database, folder: Path):
    event = sent.event(OPEN)
    script = (
        "import os, signal; from datetime import datetime, UTC; from pathlib import Path\n"
        "from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind\n"
        "from mailgenius.engine.tracking.spool import Spool\n"
        f"spool = Spool(Path({str(folder)!r}))\n"
        f"spool.append([TrackedEvent(kind=TrackingKind.OPEN, workspace_id={event.workspace_id}, "
        f"order_id={event.order_id}, message_id={event.message_id}, at=datetime.now(UTC))])\n"
        'spool._file.write(b\'{"kind": "op\'); spool._file.flush()\n'
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert await Recorder(db, folder).replay() == 1
    assert sum(n for n, *_ in (await sent.rolled_up()).values()) == 1


@pytest.mark.usefixtures("_short_waits")
async def test_an_event_that_cannot_be_written_costs_only_itself(sent: Sent, db: Database, folder: Path):
    poison = sent.event(CLICK, link_no=1, url="nul \x00 in it")
    recorder = Recorder(db, folder)
    async with recorder.running():
        await asyncio.gather(
            *[
                recorder.record(event, patience=PATIENCE)
                for event in (sent.event(OPEN), poison, sent.event(OPEN, 1))
            ]
        )
        await _until_replayed(folder)
    assert await sent.rolled_up() == {("open", 0, 0): (2, 1, 0)}
