"""Engines tell how they are: listed while they live; what they counted is neither lost nor counted twice."""

import asyncio

import pytest

from mailgenius.engine.dispatch import metrics
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.ops import engines
from mailgenius.ops.engines import Heartbeat
from mailgenius.ops.model import EngineState

GO_SILENT = Query(
    "silent", "Nobody hears of the engines.", "UPDATE engines SET seen_at = now() - interval '2 minutes'"
)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


def heartbeat(db: Database, stop: asyncio.Event) -> Heartbeat:
    return Heartbeat(db, most_batches=24, stop=stop)


async def counted(db: Database) -> float:
    """How many windows all engines together have counted."""
    async with db.trusted() as tx:
        found = await engines.samples(tx)
    return sum(sample.value for sample in found if sample.name == "mailgenius_engine_windows_total")


async def listed(db: Database) -> list[EngineState]:
    async with db.trusted() as tx:
        return [engine.state for engine in await engines.alive(tx)]


async def test_an_engine_is_listed_from_its_start_to_its_end(db: Database, stop: asyncio.Event):
    beat = heartbeat(db, stop)
    await beat.beat()
    async with db.trusted() as tx:
        (engine,) = await engines.alive(tx)
    assert engine.state is EngineState.IDLE
    assert engine.memory_bytes > 10 << 20
    stop.set()
    await beat.beat()
    assert await listed(db) == [EngineState.STOPPING]
    await beat.leave()
    assert await listed(db) == []


async def test_what_an_engine_counted_stays_when_it_goes(db: Database, stop: asyncio.Event):
    metrics.WINDOWS.labels("email").inc(7)
    here = heartbeat(db, stop)
    await here.beat()
    before = await counted(db)
    assert before >= 7
    metrics.WINDOWS.labels("email").inc(5)
    await here.leave()
    assert await counted(db) == before + 5


async def test_an_engine_that_was_taken_for_dead_is_not_counted_twice(db: Database, stop: asyncio.Event):
    silent, other = heartbeat(db, stop), heartbeat(db, stop)
    metrics.WINDOWS.labels("email").inc(7)
    await silent.beat()
    once = await counted(db)
    async with db.trusted() as tx:
        await tx.execute(GO_SILENT)
    assert await listed(db) == []
    await other.beat()  # It clears the list, and counts the same as the silent one: they share this process.
    assert await counted(db) == 2 * once
    metrics.WINDOWS.labels("email").inc(3)
    await silent.beat()
    assert await counted(db) == 2 * once + 3
    await silent.leave()
    await other.leave()
    assert await counted(db) == 2 * once + 6
    assert await listed(db) == []


def test_every_metric_of_the_engine_is_told_or_is_a_figure():
    told = {id(metric) for metric in metrics.GROWING}
    others = [
        name
        for name, value in vars(metrics).items()
        if name.isupper() and hasattr(value, "describe") and id(value) not in told
    ]
    assert others == ["BATCHES"]
