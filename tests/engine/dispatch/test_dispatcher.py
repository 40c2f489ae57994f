"""The loop against the real database and a scripted provider: what leaves, what does not, and when."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult
from mailgenius.engine.dispatch.dispatcher import Dispatcher, Pump
from mailgenius.engine.dispatch.senders import FIRST_WINDOW
from mailgenius.engine.feedback.model import AddressesStopped
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import Policy
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext, Jobs, JobTable
from mailgenius.processes.wiring import job_tables
from mailgenius.product.leads import service as leads
from tests.engine.ledger.test_protocol import conserved, counts
from tests.factories.engine import (
    Peer,
    Peers,
    PlainComposer,
    addresses,
    make_connection,
    make_leads,
    make_order,
)
from tests.factories.jobs_seen import waiting_jobs

DUE_NOW = Query("due", "All deferrals.", "UPDATE deferrals SET due_at = now()")
DUE_IN = Query("due", "Seconds.", "SELECT extract(epoch FROM due_at - now())::float8 FROM deferrals")
LAST_ERROR = Query("error", "Of it.", "SELECT last_error FROM connections WHERE id = %(id)s")
CHANGE = Query("change", "It.", "UPDATE connections SET version = version + 1 WHERE id = %(id)s")

listening = JobTable()


@listening.job("tests.heard_bounce", listens_to=AddressesStopped)
async def heard_bounce(context: JobContext, **_: object) -> None:
    """Never run: the tests look at what is enqueued."""


@pytest.fixture
def jobs() -> Jobs:
    return Jobs([*job_tables(), listening])


@asynccontextmanager
async def engine(db: Database, peers: Peers, **pump) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    dispatcher = Dispatcher(
        db,
        recipients=leads,
        make_composer=PlainComposer,
        source=peers,
        pump=Pump(**{"idle_s": 0.05, **pump}),
    )
    task = asyncio.create_task(dispatcher.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await task


async def until(
    db: Database,
    workspace_id: int,
    order_id: int,
    right: Callable[[dict[str, int]], bool],
    seconds: float = 120,
) -> dict[str, int]:
    deadline = time.monotonic() + seconds
    while True:
        found = await counts(db, workspace_id, order_id)
        if right(found):
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


async def until_said(db: Database, connection_id: int, error: str) -> None:
    """Wait until a connection shows an error."""
    async with asyncio.timeout(120):
        while True:
            async with db.trusted() as tx:
                if error in await tx.value(LAST_ERROR, id=connection_id):
                    return
            await asyncio.sleep(0.05)


def ended(found: dict[str, int]) -> bool:
    return not found.keys() & {"queued", "sending", "deferred"}


def off_the_wire(found: dict[str, int]) -> bool:
    return "sending" not in found


async def test_every_recipient_gets_one_message(db: Database, workspace_id: int, other_workspace_id: int):
    peers = Peers()
    async with db.trusted() as tx:
        people = await make_leads(tx, workspace_id, 2345)
        order_id = await make_order(tx, workspace_id, recipients=people)
        other = await make_order(tx, other_workspace_id, recipients=10)
        await intake.hold(tx, workspace_id=other_workspace_id, order_id=other)
    async with engine(db, peers):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 2345}
    assert Counter(peers.default.addresses) == Counter(email for _, email in people)
    assert max(peers.default.windows) <= 100
    assert await counts(db, other_workspace_id, other) == {"queued": 10}
    assert await conserved(db)
    assert peers.default.closed == 1


async def test_several_engines_share_the_work_and_repeat_nothing(db: Database, workspace_id: int):
    peers = [Peers(default=Peer(delay=0.01)) for _ in range(3)]
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=12_000)
    async with engine(db, peers[0]), engine(db, peers[1]), engine(db, peers[2]):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 12_000}
    taken = [address for each in peers for address in each.default.addresses]
    assert len(taken) == len(set(taken)) == 12_000
    assert all(each.default.taken for each in peers)
    assert await conserved(db)


async def test_hold_stops_within_the_window_and_release_goes_on(db: Database, workspace_id: int):
    peers = Peers(default=Peer(delay=0.05))
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=3000)
    async with engine(db, peers):
        await until(db, workspace_id, order_id, lambda found: found.get("accepted", 0) >= 200)
        async with db.trusted() as tx:
            await intake.hold(tx, workspace_id=workspace_id, order_id=order_id)
        # What was on the wire comes to its end; then nothing moves.
        at_hold = len(peers.default.windows)
        still = await until(db, workspace_id, order_id, off_the_wire)
        assert len(peers.default.windows) <= at_hold + 4
        await asyncio.sleep(0.3)
        assert await counts(db, workspace_id, order_id) == still
        assert still["queued"] > 0
        async with db.trusted() as tx:
            await intake.release(tx, workspace_id=workspace_id, order_id=order_id)
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 3000}
    assert await conserved(db)


async def test_a_cancelled_order_sends_no_more(db: Database, workspace_id: int):
    peers = Peers(default=Peer(delay=0.05))
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=3000)
    async with engine(db, peers):
        await until(db, workspace_id, order_id, lambda found: found.get("accepted", 0) >= 100)
        async with db.trusted() as tx:
            await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
        await until(db, workspace_id, order_id, off_the_wire)
        async with asyncio.timeout(60):
            while True:
                async with db.trusted() as tx:
                    while await intake.cancel_next(tx, workspace_id=workspace_id, order_id=order_id):
                        pass
                    if await intake.finish_cancel(tx, workspace_id=workspace_id, order_id=order_id):
                        break  # Until then an engine may be about to give its last batch back.
        found = await until(db, workspace_id, order_id, ended)
    assert found["cancelled"] > 1000
    assert found["accepted"] == len(peers.default.taken)
    assert await conserved(db)


async def test_deferred_is_tried_again_and_refused_for_good_is_not(db: Database, workspace_id: int):
    tries: Counter[str] = Counter()

    def answer(message: OutgoingMessage) -> SendResult:
        tries[message.recipient] += 1
        if message.recipient.startswith("grey") and tries[message.recipient] == 1:
            return SendResult(outcome=Outcome.DEFERRED, code="451", reason="come back", fault=Fault.POLICY)
        if message.recipient.startswith("dead"):
            return SendResult(
                outcome=Outcome.REJECTED, code="550 5.1.1", reason="no such user", fault=Fault.RECIPIENT
            )
        if message.recipient.startswith("spam"):
            return SendResult(outcome=Outcome.REJECTED, code="554", reason="spam", fault=Fault.POLICY)
        return SendResult(outcome=Outcome.ACCEPTED, provider_ref="abc")

    people = [(None, f"{kind}{n}@example.com") for n in range(5) for kind in ("grey", "dead", "spam", "good")]
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=people)
    async with engine(db, Peers(default=Peer(answer=answer))):
        await until(db, workspace_id, order_id, lambda found: found.get("deferred") == 5)
        async with db.trusted() as tx:
            assert all(48 - 15 < row[0] <= 72 for row in await tx.rows(DUE_IN))
            await tx.execute(DUE_NOW)
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 10, "rejected": 10}
    assert {n for address, n in tries.items() if address.startswith("grey")} == {2}
    assert {n for address, n in tries.items() if not address.startswith("grey")} == {1}
    dead = [f"dead{n}@example.com" for n in range(5)]
    async with db.trusted() as tx:
        blocked = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="email", addresses=[address for _, address in people]
        )
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id)
    assert sorted(blocked) == dead
    assert set(blocked.values()) == {"bounced"}
    heard = await waiting_jobs(db, "tests.heard_bounce")
    assert sorted(address for job in heard for address in job["addresses"]) == dead
    assert {row.error for row in rows if row.address in dead} == {"550 5.1.1 no such user"}
    assert await conserved(db)


async def test_words_that_cannot_be_stored_stop_nothing(db: Database, workspace_id: int):
    words = "no\0 \ud800 <\x1f>"
    answers = iter(
        [
            SendResult(outcome=Outcome.ACCEPTED, provider_ref=words, code=words),
            SendResult(outcome=Outcome.REJECTED, reason=words * 200, code=words, fault=Fault.RECIPIENT),
        ]
    )
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=2)
    async with engine(db, Peers(default=Peer(answer=lambda _: next(answers)))):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 1, "rejected": 1}
    async with db.trusted() as tx:
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id)
    assert rows[0].provider_ref == "no ? <\x1f>"
    assert rows[1].error.startswith("no ? <\x1f>")


async def test_the_gate_stops_suppressed_addresses_and_deleted_leads(db: Database, workspace_id: int):
    peers = Peers()
    async with db.trusted() as tx:
        people = await make_leads(tx, workspace_id, 10)
        order_id = await make_order(tx, workspace_id, recipients=people)
        await suppression.add(
            tx,
            workspace_id=workspace_id,
            channel="email",
            addresses=[people[3][1]],
            reason="unsubscribed",
        )
        await tx.execute(Query("gone", "A lead.", "DELETE FROM leads WHERE id = %(id)s"), id=people[4][0])
    async with engine(db, peers):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 8, "suppressed": 2}
    assert sorted(peers.default.addresses) == sorted(
        email for n, (_, email) in enumerate(people) if n not in {3, 4}
    )
    async with db.trusted() as tx:
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id)
    assert [row.error for row in rows if row.state == "suppressed"] == [
        "unsubscribed",
        "The lead was deleted.",
    ]


async def test_a_message_that_cannot_be_made_costs_itself_only(db: Database, workspace_id: int):
    peers = Peers()
    people = [(None, "a@example.com"), (None, "broken@example.com"), (None, "c@example.com")]
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=people)
    async with engine(db, peers):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 2, "rejected": 1}
    async with db.trusted() as tx:
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id)
    assert rows[1].error == "ValueError: this template does not fit this person"


async def test_a_connection_that_fails_costs_no_attempt_and_is_left_alone(db: Database, workspace_id: int):
    down = SendResult(outcome=Outcome.DEFERRED, reason="cannot be reached", fault=Fault.CONNECTION)
    state = {"down": True}
    peer = Peer(answer=lambda _: down if state["down"] else SendResult(outcome=Outcome.ACCEPTED))
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        order_id = await make_order(tx, workspace_id, recipients=5000, connection_id=connection_id)
        healthy = await make_order(tx, workspace_id, recipients=50)
    peers = Peers(of_connection={connection_id: peer})
    async with engine(db, peers):
        assert await until(db, workspace_id, healthy, ended) == {"accepted": 50}
        await until_said(db, connection_id, "cannot be reached")
        so_far = len(peer.windows)
        await asyncio.sleep(1)
        assert len(peer.windows) <= so_far + 3, "a connection that is down is not hammered"
        state["down"] = False
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 5000}
        async with db.trusted() as tx:
            rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id, limit=10_000)
            assert await tx.value(LAST_ERROR, id=connection_id) == ""
    assert {row.attempts for row in rows} == {1}
    assert await conserved(db)


async def test_a_connection_that_cannot_be_opened_says_why_and_keeps_its_messages(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        order_id = await make_order(tx, workspace_id, recipients=10, connection_id=connection_id)
        healthy = await make_order(tx, workspace_id, recipients=10)
    peers = Peers(broken={connection_id})
    async with engine(db, peers):
        assert await until(db, workspace_id, healthy, ended) == {"accepted": 10}
        await until_said(db, connection_id, "secret key")
        peers.broken.clear()
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 10}
    assert await conserved(db)


async def test_no_answer_is_unknown_for_campaigns_and_tried_again_for_codes(db: Database, workspace_id: int):
    lost = SendResult(outcome=Outcome.UNKNOWN, reason="connection lost")
    async with db.trusted() as tx:
        campaign = await make_order(tx, workspace_id, recipients=3)
        code = await make_order(tx, workspace_id, recipients=2, policy=Policy.PREFER_DELIVERY, priority=0)
    async with engine(db, Peers(default=Peer(answer=lambda _: lost))):
        assert await until(db, workspace_id, campaign, ended) == {"unknown": 3}
        assert await until(db, workspace_id, code, lambda found: "deferred" in found) == {"deferred": 2}
    assert await conserved(db)


async def test_an_adapter_that_breaks_leaves_its_window_unknown(db: Database, workspace_id: int):
    def explode(message: OutgoingMessage) -> SendResult:
        raise RuntimeError("bug in the adapter")

    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=250)
    peer = Peer(answer=explode)
    async with engine(db, Peers(default=peer)):
        await until(db, workspace_id, order_id, lambda found: "unknown" in found)
        await asyncio.sleep(0.3)
        found = await counts(db, workspace_id, order_id)
    assert found == {"unknown": FIRST_WINDOW, "queued": 250 - FIRST_WINDOW}


async def test_the_pace_of_a_connection_is_kept(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id, per_second=50)
        orders = [
            await make_order(tx, workspace_id, recipients=100, connection_id=connection_id) for _ in range(3)
        ]
    peers = Peers()
    started = time.monotonic()
    async with engine(db, peers), engine(db, peers):
        async with asyncio.timeout(120):
            while len(peers.default.taken) < 120:
                await asyncio.sleep(0.05)
    moments = sorted(moment for moment, _ in peers.default.taken)
    assert max(peers.default.windows) <= 25
    # A busy machine may hand over late what it was granted, never early. A second of it may be saved up.
    assert all(n <= 50 * (moment - started + 1) for n, moment in enumerate(moments, start=1))
    total = sum([(await counts(db, workspace_id, order)).get("accepted", 0) for order in orders])
    assert total == len(moments)


async def test_a_day_that_is_used_up_stops_until_tomorrow(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id, per_day=130)
        order_id = await make_order(tx, workspace_id, recipients=2500, connection_id=connection_id)
    peers = Peers()
    async with engine(db, peers):
        await until(db, workspace_id, order_id, lambda found: found.get("accepted") == 130)
        await asyncio.sleep(0.5)
    assert await counts(db, workspace_id, order_id) == {"accepted": 130, "queued": 2370}


async def test_stop_finishes_the_window_settles_and_gives_the_rest_back(db: Database, workspace_id: int):
    peer = Peer(gate=asyncio.Event())
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=500)
    async with engine(db, Peers(default=peer)) as stop:
        await peer.entered.wait()
        stop.set()
        await asyncio.sleep(0.2)
        assert peer.gate
        peer.gate.set()
    assert await counts(db, workspace_id, order_id) == {
        "accepted": FIRST_WINDOW,
        "queued": 500 - FIRST_WINDOW,
    }
    async with db.trusted() as tx:
        rows = await tx.rows(Query("states", "Of batches.", "SELECT state::text FROM batches"))
    assert rows == [("ready",)]
    assert await conserved(db)


async def test_a_window_that_does_not_end_by_the_stop_is_unknown_after_recovery(
    db: Database, workspace_id: int
):
    stuck = Peer(gate=asyncio.Event())
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=500)
    async with engine(db, Peers(default=stuck), drain_s=0.2, lease=timedelta(seconds=1)):
        await stuck.entered.wait()
    window, rest = FIRST_WINDOW, 500 - FIRST_WINDOW
    assert (await counts(db, workspace_id, order_id)) == {"sending": window, "queued": rest}
    # Long enough for a busy machine; our own watch of the other's silence ends with a third of it.
    async with engine(db, Peers(), lease=timedelta(seconds=4)):
        assert await until(db, workspace_id, order_id, ended) == {"unknown": window, "accepted": rest}
    assert await conserved(db)


async def test_a_changed_connection_is_opened_anew(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        order_id = await make_order(tx, workspace_id, recipients=10, connection_id=connection_id)
    peers = Peers(default=Peer())
    first = peers.default
    async with engine(db, peers):
        await until(db, workspace_id, order_id, ended)
        peers.default = Peer()
        async with db.trusted() as tx:
            await tx.execute(CHANGE, id=connection_id)
        async with asyncio.timeout(120):
            # What an engine knows of a connection may be a second old.
            while not (first.closed and peers.default.taken):
                async with db.trusted() as tx:
                    order_id = await make_order(tx, workspace_id, recipients=1, connection_id=connection_id)
                await until(db, workspace_id, order_id, ended)
    assert first.closed == 1


async def test_an_engine_at_rest_asks_seldom(db: Database, workspace_id: int):
    queries = Query(
        "xacts", "So far.", "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )
    async with engine(db, Peers(), idle_s=0.25):
        async with asyncio.timeout(120):
            asked = 80
            while asked >= 27:  # It comes to rest a moment after its start.
                async with db.trusted() as tx:
                    before = await tx.value(queries)
                await asyncio.sleep(1)
                async with db.trusted() as tx:
                    asked = await tx.value(queries) - before


async def test_addresses_are_only_the_order_s_own(db: Database, workspace_id: int):
    peers = Peers()
    ours, late = addresses(5), addresses(5)
    async with db.trusted() as tx:
        first = await make_order(tx, workspace_id, recipients=ours)
        second = await make_order(tx, workspace_id, recipients=late)
    async with engine(db, peers):
        await until(db, workspace_id, first, ended)
        await until(db, workspace_id, second, ended)
    assert sorted(peers.default.addresses) == sorted(address for _, address in [*ours, *late])
