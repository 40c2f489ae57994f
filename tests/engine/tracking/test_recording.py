"""Events, marks and roll-ups: each counted once, whoever writes it and however often."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.errors import MessageGone, TooLateToReturn
from mailgenius.engine.tracking.model import (
    RecipientReturned,
    RecipientUnsubscribed,
    TrackedEvent,
    TrackingKind,
    new_event_key,
)
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import Jobs, JobTable
from tests.factories.tracking import make_content, store_messages, store_order

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)
OPEN, CLICK, LEAVE = TrackingKind.OPEN, TrackingKind.CLICK, TrackingKind.UNSUBSCRIBE
ROLLED_UP = Query(
    "rolled",
    "Roll-ups of an order.",
    """SELECT kind::text, link_no, hour, n, n_first, n_machine FROM tracking_hourly
        WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s ORDER BY kind, link_no, hour""",
)
MARKS = Query(
    "marks",
    "Marks of a message.",
    """SELECT opens, clicks, first_open_at, first_click_at, unsubscribed_at FROM message_engagement
        WHERE workspace_id = %(workspace_id)s AND message_id = %(message_id)s""",
)
EVENTS = Query(
    "events",
    "Events of all.",
    "SELECT workspace_id, message_id, lead_id, kind::text, url FROM tracking_events ORDER BY id",
)
JOBS = Query("jobs", "Jobs by name.", "SELECT task_name FROM procrastinate_jobs ORDER BY id")


class Sent:
    """An order of two accepted messages in one workspace."""

    def __init__(self, db: Database, workspace_id: int, order_id: int, stored: list[tuple[int, int]]) -> None:
        self.db, self.workspace_id, self.order_id = db, workspace_id, order_id
        self.messages = [message_id for message_id, _ in stored]
        self.leads = [lead_id for _, lead_id in stored]

    def event(self, kind: TrackingKind, minute: float = 0, message: int = 0, **more) -> TrackedEvent:
        return TrackedEvent(
            kind=kind,
            workspace_id=self.workspace_id,
            order_id=self.order_id,
            message_id=self.messages[message],
            at=HOUR + timedelta(minutes=minute),
            **more,
        )

    async def record(self, *events: TrackedEvent) -> int:
        async with self.db.trusted() as tx:
            return await tracking.record(tx, events=events)

    async def rolled_up(self) -> dict[tuple[str, int, int], tuple[int, int, int]]:
        """Roll-ups by kind, link and hours after the first hour: total, first, machine."""
        async with self.db.trusted() as tx:
            rows = await tx.rows(ROLLED_UP, workspace_id=self.workspace_id, order_id=self.order_id)
        return {(kind, link, (hour - HOUR) // timedelta(hours=1)): tuple(n) for kind, link, hour, *n in rows}

    async def marks(self, message: int = 0) -> tuple | None:
        async with self.db.trusted() as tx:
            rows = await tx.rows(MARKS, workspace_id=self.workspace_id, message_id=self.messages[message])
        return rows[0] if rows else None


async def make_sent(db: Database, workspace_id: int) -> Sent:
    order_id = await store_order(db, workspace_id)
    stored = await store_messages(db, workspace_id, order_id, ["ana@x.com", "bia@x.com"])
    return Sent(db, workspace_id, order_id, stored)


@pytest.fixture
async def sent(db: Database, workspace_id: int) -> Sent:
    return await make_sent(db, workspace_id)


async def test_opens_and_clicks_are_counted_with_their_firsts(sent: Sent):
    await sent.record(sent.event(OPEN, 1), sent.event(OPEN, 2), sent.event(OPEN, 3, message=1))
    await sent.record(
        sent.event(OPEN, 61),
        sent.event(CLICK, 62, link_no=1, url="https://a"),
        sent.event(CLICK, 63, link_no=1),
        sent.event(CLICK, 64, link_no=2),
    )
    await sent.record(sent.event(CLICK, 65, link_no=2), sent.event(CLICK, 66, link_no=2, message=1))
    assert await sent.rolled_up() == {
        ("open", 0, 0): (3, 2, 0),
        ("open", 0, 1): (1, 0, 0),
        ("click", 0, 1): (5, 2, 0),
        ("click", 1, 1): (2, 1, 0),
        ("click", 2, 1): (3, 2, 0),
    }
    opens, clicks, opened, clicked, left = await sent.marks()
    assert (opens, clicks, left) == (3, 4, None)
    assert (opened, clicked) == (HOUR + timedelta(minutes=1), HOUR + timedelta(minutes=62))


async def test_the_lead_is_found_and_the_address_kept(sent: Sent, db: Database):
    await sent.record(sent.event(CLICK, link_no=1, url="https://a"))
    async with db.trusted() as tx:
        assert await tx.rows(EVENTS) == [
            (sent.workspace_id, sent.messages[0], sent.leads[0], "click", "https://a")
        ]


async def test_machines_are_counted_apart_and_leave_no_mark(sent: Sent):
    await sent.record(sent.event(OPEN, machine=True), sent.event(CLICK, link_no=1, machine=True))
    assert await sent.rolled_up() == {
        ("open", 0, 0): (0, 0, 1),
        ("click", 0, 0): (0, 0, 1),
        ("click", 1, 0): (0, 0, 1),
    }
    assert await sent.marks() is None
    await sent.record(sent.event(CLICK, link_no=1))
    assert (await sent.rolled_up())["click", 1, 0] == (1, 1, 1)


async def test_an_event_written_twice_counts_once(sent: Sent):
    events = [sent.event(OPEN), sent.event(CLICK, link_no=1), sent.event(OPEN, message=1)]
    assert await sent.record(*events) == 3
    before = await sent.rolled_up()
    assert await sent.record(*events) == 0
    assert await sent.record(events[0], sent.event(OPEN, 5)) == 1
    assert (await sent.rolled_up())["open", 0, 0] == (before["open", 0, 0][0] + 1, 2, 0)
    assert (await sent.marks())[0] == 2


async def test_events_of_unknown_messages_cost_only_themselves(sent: Sent):
    unknown = replace(sent.event(OPEN), message_id=5, key=new_event_key())
    elsewhere = replace(sent.event(OPEN), order_id=sent.order_id + 1, key=new_event_key())
    assert await sent.record(unknown, sent.event(OPEN), elsewhere) == 1
    assert await sent.record() == 0


async def test_events_of_several_workspaces_do_not_mix(db: Database, sent: Sent, other_workspace_id: int):
    theirs = await make_sent(db, other_workspace_id)
    # The same message under the other workspace does not exist there.
    forged = replace(sent.event(OPEN), workspace_id=other_workspace_id, key=new_event_key())
    assert await sent.record(sent.event(OPEN), theirs.event(OPEN), theirs.event(OPEN, 1), forged) == 3
    assert await sent.rolled_up() == {("open", 0, 0): (1, 1, 0)}
    assert await theirs.rolled_up() == {("open", 0, 0): (2, 1, 0)}


async def test_writers_at_the_same_time_agree(sent: Sent):
    async def write(number: int) -> None:
        for minute in range(5):
            await sent.record(
                *[
                    sent.event(kind, minute, message=(number + each) % 2, link_no=link)
                    for each in range(2)
                    for kind, link in ((OPEN, 0), (CLICK, 1))
                ]
            )

    await asyncio.gather(*[write(number) for number in range(6)])
    assert await sent.rolled_up() == {
        ("open", 0, 0): (60, 2, 0),
        ("click", 0, 0): (60, 2, 0),
        ("click", 1, 0): (60, 2, 0),
    }


class _Listening:
    """Jobs that wait for the two events of leaving and returning."""

    table = JobTable()

    @staticmethod
    @table.job("test.left", listens_to=RecipientUnsubscribed)
    async def left(*_: object, **__: object) -> None: ...

    @staticmethod
    @table.job("test.returned", listens_to=RecipientReturned)
    async def returned(*_: object, **__: object) -> None: ...


@pytest.fixture
def jobs() -> Jobs:
    return Jobs([_Listening.table])


async def _leave(sent: Sent, **more) -> None:
    async with sent.db.trusted() as tx:
        await tracking.unsubscribe(tx, event=sent.event(LEAVE, **more))


async def _take_back(sent: Sent) -> None:
    async with sent.db.trusted() as tx:
        await tracking.take_back(
            tx, workspace_id=sent.workspace_id, order_id=sent.order_id, message_id=sent.messages[0]
        )


async def _suppressed(sent: Sent) -> dict:
    async with sent.db.trusted() as tx:
        return await suppression.suppressed(
            tx, workspace_id=sent.workspace_id, channel="email", addresses=["ana@x.com", "bia@x.com"]
        )


async def _jobs(sent: Sent) -> list[str]:
    async with sent.db.trusted() as tx:
        await tx.connection.execute("RESET ROLE")
        return [name for (name,) in await tx.rows(JOBS)]


async def test_leaving_suppresses_tells_and_counts_once(sent: Sent):
    await _leave(sent)
    await _leave(sent, minute=1)
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert await sent.rolled_up() == {("unsubscribe", 0, 0): (1, 1, 0)}
    assert await _jobs(sent) == ["test.left"]


async def test_leaving_can_be_taken_back_and_done_again(sent: Sent):
    await _leave(sent)
    with clock.fixed(HOUR + timedelta(minutes=30)):
        await _take_back(sent)
        await _take_back(sent)
    assert await _suppressed(sent) == {}
    assert (await sent.rolled_up())["unsubscribe", 0, 0][1] == 0
    await _leave(sent, minute=40)
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert (await sent.rolled_up())["unsubscribe", 0, 0][1] == 1
    assert await _jobs(sent) == ["test.left", "test.returned", "test.left"]


async def test_taking_back_lifts_no_other_reason_and_not_for_ever(sent: Sent):
    await _leave(sent)
    async with sent.db.trusted() as tx:
        await suppression.add(
            tx, workspace_id=sent.workspace_id, channel="email", addresses=["ana@x.com"], reason="complained"
        )
    with clock.fixed(HOUR + timedelta(minutes=61)), pytest.raises(TooLateToReturn):
        await _take_back(sent)
    with clock.fixed(HOUR + timedelta(minutes=59)):
        await _take_back(sent)
    assert await _suppressed(sent) == {"ana@x.com": "complained"}


async def test_only_its_own_message_can_be_left(sent: Sent, other_workspace_id: int):
    foreign = replace(sent.event(LEAVE), workspace_id=other_workspace_id)
    with pytest.raises(MessageGone):
        async with sent.db.trusted() as tx:
            await tracking.unsubscribe(tx, event=foreign)
    with pytest.raises(MessageGone):
        async with sent.db.trusted() as tx:
            await tracking.take_back(
                tx, workspace_id=other_workspace_id, order_id=sent.order_id, message_id=sent.messages[0]
            )
    assert await _suppressed(sent) == {}


async def test_links_are_registered_once(sent: Sent, db: Database, other_workspace_id: int):
    content = make_content()
    listing = Query(
        "links",
        "Links of an order.",
        "SELECT link_no, url FROM order_links WHERE workspace_id = %(workspace_id)s ORDER BY link_no",
    )
    async with db.trusted() as tx:
        for _ in range(2):
            await tracking.register_links(
                tx, workspace_id=sent.workspace_id, order_id=sent.order_id, content=content
            )
        assert await tx.rows(listing, workspace_id=sent.workspace_id) == [
            (1, "https://shop.example.com/a"),
            (2, "https://shop.example.com/b?id={{ lead.external_id }}"),
        ]
        assert await tx.rows(listing, workspace_id=other_workspace_id) == []
