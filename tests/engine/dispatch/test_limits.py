"""Limits as a receiver sees them: several engines, several limits, peers that ask to be left alone."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult, Witness
from mailgenius.engine.dispatch.senders import FIRST_WINDOW
from mailgenius.engine.dispatch.work import MOST_IN_WINDOWS
from mailgenius.engine.pacing import service as pacing
from mailgenius.engine.pacing.model import Limit, Rate, Scope
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.ops import operations
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.ledger.test_protocol import conserved, counts
from tests.engine.pacing.test_pacing import most_within
from tests.factories.engine import ACCEPTED, Peer, Peers, addresses, make_connection, make_order

WAITING = Query(
    "waiting",
    "Why and for how long messages wait.",
    "SELECT reason, count(*), min(extract(epoch FROM due_at - now()))::float8 FROM deferrals GROUP BY reason",
)
HELD_IS_OVER = Query("over", "It.", "UPDATE pace_holds SET until = now() - interval '2 hours'")
DUE_NOW = Query("due", "All.", "UPDATE deferrals SET due_at = now()")
NO_ATTEMPT = Query("attempts", "Of it.", "SELECT count(*) FROM attempts")


async def test_engines_keep_a_connection_s_and_a_group_s_limit_together(db: Database, workspace_id: int):
    one = Peer()
    peers = [Peers(default=one), Peers(default=one)]
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id, per_second=100)
        await pacing.set_limits(
            tx,
            workspace_id=workspace_id,
            limits=[Limit(scope=Scope.GROUP, key="gmail", rate=Rate(per_second=10))],
        )
        people = [
            (None, f"{n}.{address}") for n, (_, address) in enumerate(addresses(400, domain="example.com"))
        ]
        people[::4] = addresses(100, domain="gmail.com")
        orders = [
            await make_order(tx, workspace_id, recipients=people[half::2], connection_id=connection_id)
            for half in range(2)
        ]
    async with engine(db, peers[0]), engine(db, peers[1]):
        async with asyncio.timeout(60):
            while len([1 for address in one.addresses if "gmail" not in address]) < 300:
                await asyncio.sleep(0.05)
        # What was handed over is written down a little later.
        for order, others in zip(orders, (100, 200), strict=True):
            await until(db, workspace_id, order, lambda found, n=others: found.get("accepted", 0) >= n)
    moments = [at for at, _ in one.taken]
    # A busy machine may move a message or two; engines that knew nothing of each other would send twice that.
    assert most_within(moments, 1.0) <= 110
    assert most_within([at for at, address in one.taken if "gmail" in address], 1.0) <= 12
    assert len(one.addresses) == len(set(one.addresses))
    assert await conserved(db)


async def test_an_order_keeps_its_own_speed_and_others_do_not(db: Database, workspace_id: int):
    peers = Peers()
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        slow = await make_order(tx, workspace_id, recipients=50, connection_id=connection_id, per_minute=60)
        quick = await make_order(tx, workspace_id, recipients=2000, connection_id=connection_id)
    async with engine(db, peers):
        assert await until(db, workspace_id, quick, ended, 40) == {"accepted": 2000}
        await until(db, workspace_id, slow, lambda found: found.get("accepted", 0) >= 2, 30)
        found = await counts(db, workspace_id, slow)
    assert found["accepted"] < 45


async def test_gmail_s_wish_to_be_left_alone_stops_gmail_and_nobody_else(db: Database, workspace_id: int):
    def answer(message: OutgoingMessage) -> SendResult:
        if message.recipient.endswith("@gmail.com"):
            return SendResult(
                outcome=Outcome.DEFERRED, code="421 4.7.28", reason="unusual rate", fault=Fault.POLICY
            )
        return ACCEPTED

    peer = Peer(answer=answer)
    people = [*addresses(150, domain="gmail.com"), *addresses(150, domain="yahoo.com")]
    people = [person for pair in zip(people[:150], people[150:], strict=True) for person in pair]
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=people)
    async with engine(db, Peers(default=peer)):
        await until(db, workspace_id, order_id, lambda found: found.get("deferred") == 150)
        async with db.trusted() as tx:
            waits = {row[0]: (row[1], row[2]) for row in await tx.rows(WAITING)}
            tried = await tx.value(NO_ATTEMPT)
            why = (await operations.sending(tx, workspace_id=workspace_id)).deferred
        gmail = len([1 for address in peer.addresses if address.endswith("@gmail.com")])
        # Those of the first window had their attempt; the others were put aside for ten minutes, without one.
        assert 0 < gmail == tried <= FIRST_WINDOW
        assert waits["asked"][0] == 150 - tried
        assert 500 < waits["asked"][1] <= 600
        assert {(each.waits_for, each.example) for each in why} == {
            ("asked", "421 4.7.28 unusual rate"),
            ("retry", "421 4.7.28 unusual rate"),
        }
        peer.answer = lambda _: ACCEPTED
        async with db.trusted() as tx:
            await tx.execute(HELD_IS_OVER)
        async with asyncio.timeout(120):
            while not ended(found := await counts(db, workspace_id, order_id)):
                # An engine that still knows the old hold puts them aside once more.
                async with db.trusted() as tx:
                    await tx.execute(DUE_NOW)
                await asyncio.sleep(0.2)
        assert found == {"accepted": 300}
    assert Counter(Counter(peer.addresses).values()) == {1: 300 - tried, 2: tried}
    assert await conserved(db)


async def test_a_wait_that_a_peer_asks_a_connection_for_is_kept(db: Database, workspace_id: int):
    busy = SendResult(
        outcome=Outcome.DEFERRED, code="429", fault=Fault.CONNECTION, retry_after=timedelta(seconds=3)
    )
    peer = Peer(answer=lambda _: busy)
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=30)
    async with engine(db, Peers(default=peer)):
        async with asyncio.timeout(120):
            await peer.entered.wait()
        peer.answer = lambda _: ACCEPTED
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 30}
    first, again = peer.taken[0][0], peer.taken[30][0]
    assert again - first >= 3
    async with db.trusted() as tx:
        assert await tx.value(NO_ATTEMPT) == 0


@dataclass
class Crowded(Peer):
    """Takes its time, and remembers how many messages it had before it at once."""

    before_it: int = 0
    most: int = 0

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        self.before_it += len(messages)
        self.most = max(self.most, self.before_it)
        try:
            await asyncio.sleep(0.05)
            return await super().send(messages, witness)
        finally:
            self.before_it -= len(messages)


async def test_two_engines_together_open_no_more_than_a_halt_may_let_go(db: Database, workspace_id: int):
    peer = Crowded()
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=10_000)
    lease = timedelta(seconds=1.5)
    peers = Peers(default=peer)
    async with engine(db, peers, lease=lease), engine(db, peers, lease=lease):
        # Until both have seen each other their windows are as long as those of one.
        await until(db, workspace_id, order_id, lambda found: found.get("accepted", 0) > 4_000)
        peer.most = 0
        await until(db, workspace_id, order_id, ended)
    assert 200 < peer.most <= MOST_IN_WINDOWS
