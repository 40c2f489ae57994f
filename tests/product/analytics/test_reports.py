"""Reports from kept counters: right, and of one workspace only."""

from datetime import date, timedelta

import pytest

from mailgenius.engine.tracking import service as tracking
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.analytics import service as analytics
from tests.engine.tracking.test_recording import CLICK, HOUR, LEAVE, OPEN, Sent, make_sent
from tests.factories.tracking import make_content, store_order

COUNT = Query(
    "count",
    "Kept counts of an order.",
    """INSERT INTO message_counts (workspace_id, order_id, hour, state, shard, n)
       VALUES (%(workspace_id)s, %(order_id)s, %(hour)s, %(state)s::message_state, %(shard)s, %(n)s)""",
)
NOTE = Query(
    "note",
    "Something that happened to a lead.",
    """INSERT INTO lead_activity (workspace_id, lead_id, kind, at)
       VALUES (%(workspace_id)s, %(lead_id)s, 'edited', %(at)s)""",
)


async def count(sent: Sent, state: str, n: int, *, hour: int = 0, shard: int = 0) -> None:
    async with sent.db.trusted() as tx:
        await tx.execute(
            COUNT,
            workspace_id=sent.workspace_id,
            order_id=sent.order_id,
            hour=HOUR + timedelta(hours=hour),
            state=state,
            shard=shard,
            n=n,
        )


@pytest.fixture
async def sent(db: Database, workspace_id: int) -> Sent:
    """Four messages: two accepted, one bounced, one rejected; opened, clicked and left by the first."""
    made = await make_sent(db, workspace_id)
    await count(made, "queued", 4)
    await count(made, "queued", -4, hour=1)
    await count(made, "accepted", 1, hour=1)
    await count(made, "accepted", 1, hour=1, shard=1)
    await count(made, "bounced", 1, hour=1)
    await count(made, "rejected", 1, hour=1)
    await made.record(
        made.event(OPEN, 65),
        made.event(OPEN, 70),
        made.event(OPEN, 71, message=1, machine=True),
        made.event(CLICK, 72, link_no=2, url="https://b"),
        made.event(CLICK, 130, link_no=2, url="https://b"),
    )
    async with db.trusted() as tx:
        await tracking.register_links(
            tx, workspace_id=workspace_id, order_id=made.order_id, content=make_content()
        )
        await tracking.unsubscribe(tx, event=made.event(LEAVE, 131))
    return made


async def test_the_results_of_a_campaign(sent: Sent, db: Database):
    async with db.tenant(sent.workspace_id) as tx:
        results = await analytics.campaign_results(tx, workspace_id=sent.workspace_id, order_id=sent.order_id)
    assert (results.total, results.sent, results.delivered, results.bounced) == (4, 3, 2, 2)
    assert (results.opened, results.opened_unique, results.opened_machine) == (2, 1, 1)
    assert (results.clicked, results.clicked_unique, results.unsubscribed) == (2, 1, 1)
    assert [(link.link_no, link.clicks, link.clicks_unique) for link in results.links] == [
        (2, 2, 1),
        (1, 0, 0),
    ]
    assert [
        (point.hour, point.sent, point.opened, point.clicked, point.unsubscribed) for point in results.hours
    ] == [
        (HOUR + timedelta(hours=1), 3, 1, 1, 0),
        (HOUR + timedelta(hours=2), 0, 0, 0, 1),
    ]


async def test_summaries_hold_a_line_for_each_order_asked_for(sent: Sent, db: Database):
    empty = await store_order(db, sent.workspace_id)
    async with db.tenant(sent.workspace_id) as tx:
        found = await analytics.campaign_summaries(
            tx, workspace_id=sent.workspace_id, order_ids=[sent.order_id, empty]
        )
        assert await analytics.campaign_summaries(tx, workspace_id=sent.workspace_id, order_ids=[]) == {}
    first = found[sent.order_id]
    assert (first.total, first.sent, first.opened_unique, first.clicked_unique) == (4, 3, 1, 1)
    assert (first.bounced, first.unsubscribed) == (2, 1)
    assert found[empty].total == 0


async def test_the_dashboard_counts_by_days_of_the_workspace(sent: Sent, db: Database):
    with clock.fixed(HOUR + timedelta(hours=20)):
        async with db.tenant(sent.workspace_id) as tx:
            board = await analytics.dashboard(tx, workspace_id=sent.workspace_id, timezone="Pacific/Auckland")
    # Eleven in the morning in Greenwich is the first minute of the next day in New Zealand.
    days = {point.day: (point.sent, point.opened, point.clicked) for point in board.days}
    assert len(days) == 30
    assert days[date(2026, 3, 2)] == (3, 1, 1)
    assert days[date(2026, 3, 1)] == (0, 0, 0)


async def test_the_timeline_of_a_lead_puts_all_in_one_order(sent: Sent, db: Database):
    async with db.trusted() as tx:
        await tx.execute(
            NOTE, workspace_id=sent.workspace_id, lead_id=sent.leads[0], at=HOUR + timedelta(minutes=71)
        )
    async with db.tenant(sent.workspace_id) as tx:
        items = await analytics.lead_timeline(tx, workspace_id=sent.workspace_id, lead_id=sent.leads[0])
        newest = await analytics.lead_timeline(
            tx, workspace_id=sent.workspace_id, lead_id=sent.leads[0], limit=2
        )
    assert [item.kind for item in items if item.at < HOUR + timedelta(days=1)] == [
        "event.unsubscribe",
        "event.click",
        "event.click",
        "lead.edited",
        "event.open",
        "event.open",
    ]
    assert "message.accepted" in {item.kind for item in items}
    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
    assert newest == items[:2]
    # Where the eighth of its own is older than a page of what messages brought, no more of its own is read.
    for minutes in (-10, 70):
        async with db.trusted() as tx:
            for n in range(9):
                at = HOUR + timedelta(minutes=minutes, seconds=n)
                await tx.execute(NOTE, workspace_id=sent.workspace_id, lead_id=sent.leads[0], at=at)
            everything, some = [
                await analytics.lead_timeline(
                    tx, workspace_id=sent.workspace_id, lead_id=sent.leads[0], limit=limit
                )
                for limit in (100, 4)
            ]
        assert [item.at for item in some] == [item.at for item in everything[:4]], minutes
    assert next(item.detail["url"] for item in items if item.kind == "event.click") == "https://b"


async def test_another_workspace_sees_nothing(sent: Sent, db: Database, other_workspace_id: int):
    for asked_as in (other_workspace_id, sent.workspace_id):
        async with db.tenant(other_workspace_id) as tx:
            results = await analytics.campaign_results(tx, workspace_id=asked_as, order_id=sent.order_id)
            summaries = await analytics.campaign_summaries(
                tx, workspace_id=asked_as, order_ids=[sent.order_id]
            )
            timeline = await analytics.lead_timeline(tx, workspace_id=asked_as, lead_id=sent.leads[0])
            with clock.fixed(HOUR + timedelta(hours=3)):
                board = await analytics.dashboard(tx, workspace_id=asked_as)
        assert (results.total, results.opened, results.links, results.hours) == (0, 0, [], [])
        assert summaries[sent.order_id].total == 0
        assert timeline == []
        assert sum(point.sent + point.opened for point in board.days) == 0
