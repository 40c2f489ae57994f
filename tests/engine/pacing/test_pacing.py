"""Pacing: many engines at once, never above any limit, and each limit used."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from mailgenius.engine.pacing import deciding, groups, queries, service as pacing
from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.engine.pacing.mailboxes import MailboxGroup, by_mx
from mailgenius.engine.pacing.model import Grant, Limit, Meter, Rate, Scope
from mailgenius.engine.pacing.service import Ask
from mailgenius.engine.pacing.usual import limits_for
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.mail_servers import MailServers
from tests.factories.engine import make_connection

YESTERDAY = Query("back", "A day.", "UPDATE pace_meters SET day = day - 1")
LONG_AGO = Query("old", "Every answer of the DNS.", "UPDATE mailbox_domains SET expires_at = now()")
HELD_AGO = Query("ago", "A while.", "UPDATE pace_holds SET until = now() - %(ago)s::interval")
CLOCK = Query(
    "clock",
    "What it shows when the meters are ours.",
    "SELECT extract(epoch FROM clock_timestamp())::float8 FROM (SELECT count(*) FROM (SELECT FROM pace_meters"
    " ORDER BY scope, key FOR UPDATE) locked) ours",
)
GMAIL, YAHOO = MailboxGroup.GMAIL, MailboxGroup.YAHOO
WELL_USED = 0.6
"""A starved limit is used to a tenth; a slow machine must still pass. bench/pacing.py measures 95 %."""


def on_all(rate: Rate, scope: Scope = Scope.CONNECTION, key: str = "1") -> Meter:
    return Meter(scope=scope, key=key, rate=rate)


async def acquire(db: Database, workspace_id: int, ask: Ask) -> Grant:
    async with db.trusted() as tx:
        return await pacing.acquire(tx, workspace_id=workspace_id, ask=ask)


def most_within(moments: Sequence[float], period: float) -> int:
    moments = sorted(moments)
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - period:
            first += 1
        most = max(most, last - first + 1)
    return most


async def booked(
    db: Database, workspace_id: int, ask: Ask, seconds: float, *, engines: int = 4
) -> list[tuple]:
    """Take all the leave of a stretch of time, several engines at once. Places by the database's clock."""
    places: list[tuple[MailboxGroup | None, float]] = []
    end = time.monotonic() + seconds
    async with db.trusted() as tx:
        await queries.make_meters(tx, workspace_id=workspace_id, meters=ask.meters)

    async def engine() -> None:
        while time.monotonic() < end:
            async with db.trusted() as tx:
                now = await tx.value(CLOCK)
                grant = await pacing.acquire(tx, workspace_id=workspace_id, ask=ask)
            places.extend((group, now + starts_in) for group, starts_in in grant.places)
            if not grant.places:
                await asyncio.sleep(min(0.2, grant.wait.total_seconds()))

    await asyncio.gather(*(engine() for _ in range(engines)))
    return places


async def test_engines_together_keep_every_limit_and_use_the_tightest(db: Database, workspace_id: int):
    meters = [
        on_all(Rate(per_second=200)),
        on_all(Rate(per_second=100), Scope.WORKSPACE, ""),
        on_all(Rate(per_minute=6000 * 2), Scope.ORDER, "5"),
    ]
    ask = Ask(on_all=meters, free=80, groups={GMAIL: 20}, group_rates={GMAIL: Rate(per_second=10)})
    places = await booked(db, workspace_id, ask, 2.5)
    moments = [at for _, at in places]
    span = max(moments) - min(moments)
    assert len(moments) >= WELL_USED * 100 * span
    # Places come from the database's clock; what a busy machine adds to ours is the question's round trip.
    gaps = sorted(b - a for a, b in zip(sorted(moments), sorted(moments)[1:], strict=False))
    assert gaps[len(gaps) // 2] > 0.009
    gmail = [at for group, at in places if group is GMAIL]
    assert 0.8 * 10 * span <= len(gmail) <= 10 * span + 1


async def test_places_follow_each_other_without_a_gap_or_an_overlap(db: Database, workspace_id: int):
    ask = Ask(on_all=[on_all(Rate(per_second=10))], free=5)
    began = time.monotonic()
    grants = [await acquire(db, workspace_id, ask) for _ in range(4)]
    took = time.monotonic() - began
    assert [len(grant.places) for grant in grants] == [5, 5, 0, 0] if took < 0.03 else [5, 5]
    step = 0.103
    for number, grant in enumerate(grants[:2]):
        for place, (_, at) in enumerate(grant.places):
            assert abs(at - step * (number * 5 + place)) < took + 0.01


async def test_what_somebody_waits_for_goes_before_campaigns_that_fill_a_limit(
    db: Database, workspace_id: int
):
    meters = [on_all(Rate(per_second=50))]
    while (await acquire(db, workspace_id, Ask(on_all=meters, free=50))).places:
        pass  # Until the limit is booked as far ahead as campaigns may book it.
    grant = await acquire(db, workspace_id, Ask(on_all=meters, free=5, urgent=True))
    assert len(grant.places) == 5


async def test_a_group_that_is_short_of_pace_does_not_hold_the_others_up(db: Database, workspace_id: int):
    rates = {GMAIL: Rate(per_minute=60), YAHOO: Rate(per_second=50)}
    ask = Ask(on_all=[], free=10, groups={GMAIL: 20, YAHOO: 20}, group_rates=rates)
    found = [group for group, _ in (await acquire(db, workspace_id, ask)).places]
    assert Counter(found) == {None: 10, GMAIL: 1, YAHOO: 1}
    # Without others a group keeps to its own pace, and the moments between stay free for others.
    connection = on_all(Rate(per_second=100))
    alone = Ask(on_all=[connection], free=0, groups={GMAIL: 20, YAHOO: 40}, group_rates=rates)
    slow = [at for _, at in (await acquire(db, workspace_id, alone)).places]
    assert 35 <= len(slow) <= 41
    others = Ask(on_all=[connection], free=60)
    between = [at for _, at in (await acquire(db, workspace_id, others)).places]
    assert between[0] < slow[5]
    assert sum(at < slow[-1] for at in between) >= 35


async def test_a_slow_group_and_a_full_connection_use_their_limits_together(db: Database, workspace_id: int):
    connection, rates = on_all(Rate(per_second=200)), {GMAIL: Rate(per_second=30)}
    others = Ask(on_all=[connection], free=50)
    slow = Ask(on_all=[connection], free=0, groups={GMAIL: 50}, group_rates=rates)
    found = await asyncio.gather(
        *(booked(db, workspace_id, ask, 3, engines=engines) for ask, engines in ((others, 3), (slow, 2)))
    )
    plain, gmail = [[at for _, at in sorted(places, key=lambda place: place[1])] for places in found]
    both = sorted([*plain, *gmail])
    lasting = min(gmail[-1], plain[-1]) - 1.0  # What comes later may not all be booked yet.
    steady = both[0] + 0.5  # They begin one after the other.
    assert len([at for at in both if steady <= at <= lasting]) >= WELL_USED * 200 * (lasting - steady)
    assert len(gmail) - 1 >= WELL_USED * 30 * (gmail[-1] - gmail[0])
    # The database's clock made the places; on ours they may be a moment apart.
    assert most_within(both, 1.0) <= 205
    assert most_within(gmail, 1.0) <= 31


async def test_a_day_s_limit_ends_at_midnight_utc_and_unused_leave_comes_back(
    db: Database, workspace_id: int
):
    ask = Ask(on_all=[on_all(Rate(per_day=150))], free=100)
    grants = [await acquire(db, workspace_id, ask) for _ in range(3)]
    assert [len(grant.places) for grant in grants] == [100, 50, 0]
    assert timedelta(0) < grants[2].wait <= timedelta(days=1)
    async with db.trusted() as tx:
        await pacing.give_back(tx, workspace_id=workspace_id, ask=ask, unsent=[None] * 7)
    assert len((await acquire(db, workspace_id, ask)).places) == 7
    async with db.trusted() as tx:
        await tx.execute(YESTERDAY)
    assert len((await acquire(db, workspace_id, ask)).places) == 100


async def test_limits_and_meters_are_one_workspace_s(
    db: Database, workspace_id: int, other_workspace_id: int
):
    limits = [
        Limit(scope=Scope.WORKSPACE, key="", rate=Rate(per_hour=100)),
        Limit(scope=Scope.DOMAIN, key="shop.example", rate=Rate(per_second=3)),
        Limit(scope=Scope.GROUP, key="gmail", rate=Rate(per_minute=9)),
    ]
    async with db.tenant(workspace_id) as tx:
        await pacing.set_limits(tx, workspace_id=workspace_id, limits=limits)
        assert await pacing.list_limits(tx, workspace_id=workspace_id) == sorted(
            limits, key=lambda limit: limit.scope
        )
        with pytest.raises(Invalid):
            await pacing.set_limits(
                tx,
                workspace_id=workspace_id,
                limits=[Limit(scope=Scope.GROUP, key="nobody", rate=Rate(per_second=1))],
            )
    async with db.tenant(other_workspace_id) as tx:
        assert await pacing.list_limits(tx, workspace_id=workspace_id) == []
        await pacing.set_limits(tx, workspace_id=other_workspace_id, limits=[])
    async with db.trusted() as tx:
        ours = await pacing.rules(tx, workspace_id=workspace_id, connection_id=1, connection=Rate())
        theirs = await pacing.rules(tx, workspace_id=other_workspace_id, connection_id=1, connection=Rate())
    assert ours.domains == {"shop.example": Rate(per_second=3)}
    assert ours.groups == {GMAIL: Rate(per_minute=9)}
    assert not theirs.sorts_mailboxes
    assert not theirs.workspace.limited
    ask = Ask(on_all=[on_all(Rate(per_day=1))], free=5)
    assert len((await acquire(db, workspace_id, ask)).places) == 1
    assert len((await acquire(db, other_workspace_id, ask)).places) == 1


async def test_a_hold_stops_a_group_and_lets_it_begin_again_slowly(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        for minutes in (10, 5):
            await pacing.hold(
                tx,
                workspace_id=workspace_id,
                connection_id=connection_id,
                mailbox_group=GMAIL,
                wait=timedelta(minutes=minutes),
                reason="421 4.7.28 unusual rate",
            )

    async def rules():
        async with db.trusted() as tx:
            return await pacing.rules(
                tx, workspace_id=workspace_id, connection_id=connection_id, connection=Rate()
            )

    assert 590 < (await rules()).held_s[GMAIL] <= 600
    for ago, expected in ((1, 1), (130, 3)):
        async with db.trusted() as tx:
            await tx.execute(HELD_AGO, ago=timedelta(seconds=ago))
        found = await rules()
        assert not found.held_s
        assert found.groups == {GMAIL: Rate(per_second=expected)}
    async with db.trusted() as tx:
        await tx.execute(HELD_AGO, ago=timedelta(hours=1, seconds=1))
    assert not (await rules()).sorts_mailboxes


class OneDns(MailServers):
    """A network in which one domain is at Google, one has no mail, and one does not answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.known: dict[str, list[str]] = {"acme.example": ["aspmx.l.google.com"], "none.example": []}

    async def of_domain(self, domain: str) -> list[str] | None:
        self.asked.append(domain)
        return self.known.get(domain)


async def test_domains_are_sorted_by_mx_beside_the_sending_and_remembered(db: Database):
    dns = OneDns()
    mailboxes = Mailboxes(db, dns)
    assert mailboxes.group_of("ana@GMAIL.com") is GMAIL
    for domain in ("acme.example", "none.example", "away.example"):
        assert mailboxes.group_of(f"a@{domain}") is MailboxGroup.OTHER
    assert await mailboxes.learn() == 3
    assert await mailboxes.learn() == 0
    assert mailboxes.group_of("a@acme.example") is GMAIL
    assert mailboxes.group_of("a@away.example") is MailboxGroup.OTHER
    another = Mailboxes(db, dns)
    another.group_of("b@acme.example")
    await another.learn()
    assert another.group_of("b@acme.example") is GMAIL
    assert sorted(dns.asked) == ["acme.example", "away.example", "none.example"]
    assert by_mx(["x.mail.protection.outlook.com"]) is MailboxGroup.OFFICE365
    assert by_mx(["hotmail-com.olc.protection.outlook.com"]) is MailboxGroup.OUTLOOK
    assert by_mx(["notgoogle.com"]) is MailboxGroup.OTHER
    assert by_mx(["mx1.mail.yahoo.co.jp"]) is MailboxGroup.YAHOO_JP


async def test_an_engine_asks_again_for_domains_that_nobody_answered_for(
    db: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(groups, "ASK_AGAIN", timedelta(0))
    dns = OneDns()
    mailboxes = Mailboxes(db, dns)
    for now, expected in ((None, MailboxGroup.OTHER), (["aspmx.l.google.com"], GMAIL), (None, GMAIL)):
        async with db.trusted() as tx:
            await tx.execute(LONG_AGO)
        dns.known = {} if now is None else {"away.example": now}
        mailboxes.group_of("a@away.example")
        await mailboxes.learn()
        assert mailboxes.group_of("a@away.example") is expected


async def test_servers_that_deliver_to_mailboxes_keep_to_usual_limits(db: Database, workspace_id: int):
    direct = limits_for("smtp", {"host": "mail.shop.example"})
    assert direct[GMAIL] == Rate(per_second=100)
    assert limits_for("smtp", {"host": "203.0.113.9"}) == {}  # An address of documents, not of the network.
    assert limits_for("smtp", {"host": "9.9.9.9"}) == direct
    for host in (
        "127.0.0.1",
        "[::1]",
        "10.0.0.4",
        "localhost",
        "postfix",
        "mta.internal",
        "smtp-relay.brevo.com",
    ):
        assert limits_for("smtp", {"host": host}) == {}, host
    assert limits_for("sandbox", {}) == {}

    async def groups() -> Mapping[MailboxGroup, Rate]:
        async with db.trusted() as tx:
            found = await pacing.rules(
                tx, workspace_id=workspace_id, connection_id=1, connection=Rate(), usual=direct
            )
        return found.groups

    assert await groups() == direct
    own = Limit(scope=Scope.GROUP, key="gmail", rate=Rate(per_second=7))
    async with db.trusted() as tx:
        await pacing.set_limits(tx, workspace_id=workspace_id, limits=[own])
    assert await groups() == {**direct, GMAIL: Rate(per_second=7)}
    async with db.trusted() as tx:
        await deciding.set_sending_rules(
            tx, workspace_id=workspace_id, rules=SendingRules(usual_limits=False)
        )
    assert await groups() == {GMAIL: Rate(per_second=7)}
