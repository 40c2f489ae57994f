"""Orders that stop by themselves, quiet hours, frequency caps, warm-up: nobody is lost, nothing too much."""

from datetime import UTC, datetime, time, timedelta

import pytest

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult
from mailgenius.engine.connections import service as connections
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderHalted
from mailgenius.engine.pacing import deciding, health
from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.engine.pacing.quiet import Manners, zone_of
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext, Jobs, JobTable
from mailgenius.processes.wiring import job_tables
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.ledger.test_protocol import conserved, counts
from tests.factories.engine import ACCEPTED, Peer, Peers, make_connection, make_leads, make_order
from tests.factories.jobs_seen import waiting_jobs

WAITING = Query("waiting", "Why.", "SELECT reason, count(*) FROM deferrals GROUP BY reason")
WARM = Query(
    "warm",
    "It.",
    "UPDATE connections SET warm_up_start = 50, warm_up_factor = 2, warm_up_target = 300,"
    " warm_up_from = (now() AT TIME ZONE 'UTC')::date - %(days)s::int WHERE id = %(id)s",
)
CEILING = Query(
    "ceiling",
    "By day.",
    "SELECT day_ceiling(per_day, warm_up_start, warm_up_factor, warm_up_target, warm_up_from,"
    " warm_up_from + d)"
    " FROM connections, generate_series(0, 4) AS d WHERE id = %(id)s ORDER BY d",
)

listening = JobTable()


@listening.job("tests.heard_halt", listens_to=OrderHalted)
async def heard_halt(context: JobContext, **_: object) -> None:
    """Never run: the tests look at what is enqueued."""


@pytest.fixture
def jobs() -> Jobs:
    return Jobs([*job_tables(), listening])


def dead_every(share: int):
    def answer(message: OutgoingMessage) -> SendResult:
        if int(message.recipient.partition("-")[2].partition("@")[0]) % share == 0:
            return SendResult(outcome=Outcome.REJECTED, code="550 5.1.1", fault=Fault.RECIPIENT)
        return ACCEPTED

    return answer


async def decide(db: Database, workspace_id: int, **rules) -> None:
    async with db.tenant(workspace_id) as tx:
        await deciding.set_sending_rules(tx, workspace_id=workspace_id, rules=SendingRules(**rules))


async def test_an_order_with_too_many_dead_addresses_stops_soon_and_goes_on_when_told(
    db: Database, workspace_id: int, other_workspace_id: int
):
    peer = Peer(answer=dead_every(10))
    async with db.trusted() as tx:
        bad = await make_order(tx, workspace_id, recipients=5000)
    await decide(db, other_workspace_id, bounce_percent=50)
    async with db.trusted() as tx:
        allowed = await make_order(tx, other_workspace_id, recipients=1000)
    async with engine(db, Peers(default=peer)):
        assert (await until(db, other_workspace_id, allowed, ended, 40))["rejected"] == 100
        found = await until(db, workspace_id, bad, lambda found: found.get("rejected", 0) >= 20, 40)
        async with db.trusted() as tx:
            while await intake.order_state(tx, workspace_id=workspace_id, order_id=bad) != "held":
                pass
        found = await until(db, workspace_id, bad, lambda found: "sending" not in found)
        assert 200 <= found["accepted"] + found["rejected"] <= 200 + 500
        (told,) = await waiting_jobs(db, "tests.heard_halt")
        assert (told["order_id"], told["reason"]) == (bad, "bounces")
        peer.answer = lambda _: ACCEPTED
        async with db.trusted() as tx:
            await health.begin_anew(tx, workspace_id=workspace_id, order_id=bad)
            await intake.release(tx, workspace_id=workspace_id, order_id=bad)
        assert (await until(db, workspace_id, bad, ended, 40))["rejected"] == found["rejected"]
    async with db.trusted() as tx:
        await health.note(tx, workspace_id=workspace_id, order_id=bad, complained=60)
        verdict = await health.judge(tx, workspace_id=workspace_id, order_id=bad)
        assert verdict
        assert verdict.what == "complaints"
    assert await conserved(db)


async def test_quiet_hours_put_messages_off_and_let_codes_pass(db: Database, workspace_id: int):
    now = datetime.now(UTC)
    quiet = {"quiet_from": (now - timedelta(hours=2)).time(), "quiet_to": (now + timedelta(hours=2)).time()}
    await decide(db, workspace_id, timezone="UTC", **quiet)
    async with db.trusted() as tx:
        news = await make_order(tx, workspace_id, recipients=20)
        code = await make_order(tx, workspace_id, recipients=3, priority=0)
    peer = Peer()
    async with engine(db, Peers(default=peer)):
        assert await until(db, workspace_id, code, ended) == {"accepted": 3}
        await until(db, workspace_id, news, lambda found: found == {"deferred": 20})
    async with db.trusted() as tx:
        assert await tx.rows(WAITING) == [("quiet_hours", 20)]
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=news)
    assert {row.attempts for row in rows} == {0}
    assert len(peer.taken) == 3
    assert await conserved(db)


async def test_a_lead_gets_so_many_messages_in_so_many_days_from_all_campaigns_at_once(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await decide(db, workspace_id, cap_count=1)
    async with db.trusted() as tx:
        people = await make_leads(tx, workspace_id, 300)
        theirs = await make_leads(tx, other_workspace_id, 5)
        orders = [await make_order(tx, workspace_id, recipients=people) for _ in range(2)]
        uncapped = [await make_order(tx, other_workspace_id, recipients=theirs) for _ in range(2)]
        code = await make_order(tx, workspace_id, recipients=people[:5], priority=0)
    peer = Peer(delay=0.02)
    async with engine(db, Peers(default=peer)), engine(db, Peers(default=peer)):
        for order in orders:
            await until(db, workspace_id, order, lambda found: not found.keys() & {"queued", "sending"}, 40)
        for order in uncapped:
            assert await until(db, other_workspace_id, order, ended) == {"accepted": 5}
        assert await until(db, workspace_id, code, ended) == {"accepted": 5}
    found = [await counts(db, workspace_id, order) for order in orders]
    assert sum(each.get("accepted", 0) for each in found) == 300
    assert sum(each.get("deferred", 0) for each in found) == 300
    async with db.trusted() as tx:
        assert await tx.rows(WAITING) == [("frequency_cap", 300)]
    assert await conserved(db)


async def test_a_connection_that_warms_up_keeps_to_its_ceiling_and_stops_when_too_much_bounces(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        young, risky = [await make_connection(tx, workspace_id) for _ in range(2)]
        await tx.execute(WARM, id=young, days=1)
        await tx.execute(WARM, id=risky, days=1)
        assert [row[0] for row in await tx.rows(CEILING, id=young)] == [50, 100, 200, None, None]
        calm = await make_order(tx, workspace_id, recipients=400, connection_id=young)
        wild = await make_order(tx, workspace_id, recipients=400, connection_id=risky)
    peers = Ceilings(of_connection={young: Peer(), risky: Peer(answer=dead_every(10), delay=0.5)})
    async with engine(db, peers):
        await until(db, workspace_id, calm, lambda found: found == {"accepted": 100, "deferred": 300})
        await until(db, workspace_id, wild, lambda found: found.get("rejected", 0) > 0)
        await until(db, workspace_id, wild, lambda found: "sending" not in found)
    async with db.trusted() as tx:
        assert {reason for reason, _ in await tx.rows(WAITING)} == {"warm_up"}
        (circuit,) = await connections.circuits(tx, workspace_id=workspace_id)
        assert circuit.connection_id == risky
        # At once, and not when the batch was done: the day would have allowed a hundred.
        assert 30 <= len(peers.of_connection[risky].taken) < 100
        assert circuit.rests_s > 23 * 3600
        assert [row[0] for row in await tx.rows(CEILING, id=risky)] == [50, 100, 200, None, None]


class Ceilings(Peers):
    """Connections as the database has them, with their warm-up."""

    async def get(self, tx, *, workspace_id: int, connection_id: int):
        return await connections.get(tx, workspace_id=workspace_id, connection_id=connection_id)


@pytest.mark.parametrize(
    ("lead", "zone"),
    [
        ({"fields": {"timezone": "Asia/Tokyo"}, "phone": "+5511987654321"}, "Asia/Tokyo"),
        ({"fields": {"timezone": "Nowhere"}, "phone": "+351912345678"}, "Europe/Lisbon"),
        ({"fields": {}, "phone": "not a number"}, "America/Manaus"),
        ({"fields": {}, "phone": ""}, "America/Manaus"),
    ],
)
def test_a_person_s_clock_is_their_own(lead: dict, zone: str):
    assert zone_of(lead, otherwise="America/Manaus").key == zone


def test_quiet_hours_end_by_the_clock_on_the_wall():
    manners = Manners(quiet_from=time(21), quiet_to=time(8), timezone="America/Sao_Paulo")
    nobody = {"fields": {}, "phone": ""}
    at_night = datetime(2026, 5, 4, 2, tzinfo=UTC)  # 23:00 in São Paulo
    assert manners.quiet_for(nobody, now=at_night) == timedelta(hours=9)
    assert manners.quiet_for(nobody, now=datetime(2026, 5, 4, 15, tzinfo=UTC)) is None
    # The night in which the clocks go forward is an hour shorter.
    berlin = {"fields": {"timezone": "Europe/Berlin"}, "phone": ""}
    assert manners.quiet_for(berlin, now=datetime(2026, 3, 28, 21, tzinfo=UTC)) == timedelta(hours=9)


async def test_rules_are_one_workspace_s_and_checked(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await decide(db, workspace_id, cap_count=3, quiet_from=time(22), quiet_to=time(8))
    async with db.tenant(other_workspace_id) as tx:
        assert await deciding.sending_rules(tx, workspace_id=workspace_id) == SendingRules()
    for wrong in ({"quiet_from": time(1)}, {"cap_days": 0}, {"bounce_percent": 101}, {"timezone": "Moon"}):
        with pytest.raises(Invalid):
            await decide(db, workspace_id, **wrong)
