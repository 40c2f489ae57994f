"""Pacing: many engines at once, never above the limit."""

import asyncio
import time
from datetime import timedelta

from mailgenius.engine.pacing import service as pacing
from mailgenius.engine.pacing.model import Grant, Pace
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from tests.factories.engine import make_connection

YESTERDAY = Query("back", "A day.", "UPDATE pace_buckets SET day = day - 1")


async def acquire(
    db: Database, workspace_id: int, connection_id: int, pace: Pace, wanted: int = 100
) -> Grant:
    async with db.trusted() as tx:
        return await pacing.acquire(
            tx, workspace_id=workspace_id, connection_id=connection_id, pace=pace, wanted=wanted
        )


def most_in_a_second(moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(1 for other in moments if start <= other < start + 1) for start in moments)


async def test_engines_together_keep_the_pace(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
    pace, sent, until = Pace(per_second=40, per_day=None), [], time.monotonic() + 3

    async def engine() -> None:
        while time.monotonic() < until:
            asked = time.monotonic()
            grant = await acquire(db, workspace_id, connection_id, pace)
            assert grant.count <= 20, "a window is never longer than half a second of the pace"
            at = asked + grant.wait.total_seconds()
            sent.extend([at] * grant.count)
            await asyncio.sleep(max(0, at - time.monotonic()))

    await asyncio.gather(*(engine() for _ in range(4)))
    # `asked` is up to a round trip earlier than the bucket's own clock, so a stretch may seem to start early.
    assert most_in_a_second([moment for moment in sent if moment <= until]) <= 60
    assert 40 * 2.4 <= len([moment for moment in sent if moment <= until]) <= 40 * 3.6


async def test_stretches_follow_each_other_without_a_gap_or_an_overlap(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
    pace = Pace(per_second=10, per_day=None)
    began = time.monotonic()
    grants = [await acquire(db, workspace_id, connection_id, pace) for _ in range(4)]
    took = time.monotonic() - began
    assert [grant.count for grant in grants] == [5, 5, 5, 0]
    for number, grant in enumerate(grants[:3]):
        assert abs(grant.wait.total_seconds() - 0.5 * number) < took + 0.05
    assert timedelta(seconds=1) < grants[3].wait <= timedelta(seconds=1.5)


async def test_one_a_second_still_moves(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
    grants = [
        await acquire(db, workspace_id, connection_id, Pace(per_second=1, per_day=None)) for _ in range(2)
    ]
    assert [grant.count for grant in grants] == [1, 1]
    assert 0.8 < grants[1].wait.total_seconds() <= 1


async def test_a_day_s_limit_ends_at_midnight_utc_and_unused_leave_comes_back(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
    pace = Pace(per_second=None, per_day=150)
    grants = [await acquire(db, workspace_id, connection_id, pace) for _ in range(3)]
    assert [grant.count for grant in grants] == [100, 50, 0]
    assert timedelta(0) < grants[2].wait <= timedelta(days=1)
    async with db.trusted() as tx:
        await pacing.give_back(tx, workspace_id=workspace_id, connection_id=connection_id, count=7)
    assert (await acquire(db, workspace_id, connection_id, pace)).count == 7
    async with db.trusted() as tx:
        await tx.execute(YESTERDAY)
    assert (await acquire(db, workspace_id, connection_id, pace)).count == 100


async def test_a_bucket_is_one_connection_s(db: Database, workspace_id: int, other_workspace_id: int):
    async with db.trusted() as tx:
        ours = await make_connection(tx, workspace_id)
        theirs = await make_connection(tx, other_workspace_id)
    pace = Pace(per_second=2, per_day=None)
    for _ in range(3):
        await acquire(db, workspace_id, ours, pace)
    assert (await acquire(db, other_workspace_id, theirs, pace)).wait < timedelta(seconds=0.1)
