"""Orders without a connection: shared by weight, failing over, chosen by sender; circuits for all engines."""

import asyncio
from collections import Counter
from datetime import timedelta

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult
from mailgenius.engine.connections import service as connections
from mailgenius.engine.pacing import rotation
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.ledger.test_protocol import conserved
from tests.factories.engine import ACCEPTED, Peer, Peers, make_connection, make_order

DOWN = SendResult(outcome=Outcome.DEFERRED, reason="cannot be reached", fault=Fault.CONNECTION)
GREY = SendResult(outcome=Outcome.DEFERRED, code="451", reason="greylisted", fault=Fault.POLICY)
AUTOMATIC = Query("auto", "Of it.", "UPDATE orders SET connection_id = NULL WHERE id = %(id)s")
SET = Query(
    "set",
    "Of it.",
    "UPDATE connections SET weight = %(weight)s, sender_domains = %(domains)s::text[] WHERE id = %(id)s",
)
RETRY_NOW = Query("now", "All.", "UPDATE circuits SET retry_at = now()")
DUE_NOW = Query("due", "All.", "UPDATE deferrals SET due_at = now()")
USED = Query("used", "What was used.", "SELECT DISTINCT connection_id FROM batches WHERE order_id = %(id)s")


async def automatic(db: Database, workspace_id: int, recipients: int, names: int) -> tuple[int, list[int]]:
    async with db.trusted() as tx:
        ids = [await make_connection(tx, workspace_id) for _ in range(names)]
        order_id = await make_order(tx, workspace_id, recipients=recipients, connection_id=ids[0])
        await tx.execute(AUTOMATIC, id=order_id)
    return order_id, ids


async def test_an_order_without_a_connection_uses_all_of_them_and_leaves_a_failing_one(
    db: Database, workspace_id: int
):
    order_id, (good, other, bad) = await automatic(db, workspace_id, 8000, 3)
    peers = Peers(
        of_connection={good: Peer(delay=0.01), other: Peer(delay=0.01), bad: Peer(answer=lambda _: DOWN)}
    )
    async with engine(db, peers, batches_of_connection=2):
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 8000}
    assert peers.of_connection[good].taken
    assert peers.of_connection[other].taken
    async with db.trusted() as tx:
        used = {row[0] for row in await tx.rows(USED, id=order_id)}
        circuits = await connections.circuits(tx, workspace_id=workspace_id)
    assert {good, other} <= used
    assert [(each.connection_id, each.reason) for each in circuits] == [(bad, "cannot be reached")]
    assert await conserved(db)


async def test_one_engine_s_trouble_is_known_to_all_and_one_tries_first(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        order_id = await make_order(tx, workspace_id, recipients=3000, connection_id=connection_id)
        await connections.trip(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            reason="refused",
            waits=[timedelta(hours=1)],
        )
    peer = Peer()
    async with engine(db, Peers(default=peer)), engine(db, Peers(default=peer)):
        await asyncio.sleep(1.5)
        # Both may have begun before they had looked once; then one of them tried, and it was not its turn.
        assert not peer.taken
        async with db.tenant(other_workspace_id) as tx:
            assert await connections.circuits(tx) == []
        async with db.tenant(workspace_id) as tx:
            assert [each.state for each in await connections.circuits(tx)] == ["open"]
        async with db.trusted() as tx:
            await tx.execute(RETRY_NOW)
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 3000}
    assert peer.windows[0] <= 10, "the first window after trouble is a small one"
    async with db.trusted() as tx:
        assert await connections.circuits(tx, workspace_id=workspace_id) == []
        told = await connections.troubles(tx, workspace_id=workspace_id, connection_id=connection_id, limit=5)
        # One that fails again at once is the same trouble to people.
        for _ in range(3):
            own = {"workspace_id": workspace_id, "connection_id": connection_id}
            await connections.trip(tx, **own, reason="again", waits=[timedelta(hours=1)])
            await connections.works_again(tx, **own)
        again = await connections.troubles(tx, **own, limit=5)
    assert [each.action for each in told] == ["connection.works_again", "connection.left_alone"]
    assert (told[0].details["failures"], told[1].details["reason"]) == (1, "refused")
    assert again == told


async def test_what_a_peer_put_off_comes_back_through_the_same_connection(db: Database, workspace_id: int):
    order_id, ids = await automatic(db, workspace_id, 4000, 2)
    first: dict[str, int] = {}
    again: list[tuple[int, int]] = []

    def answering(number: int):
        def answer(message: OutgoingMessage) -> SendResult:
            if message.recipient in first:
                again.append((first[message.recipient], number))
                return ACCEPTED
            first[message.recipient] = number
            return GREY

        return answer

    peers = Peers(of_connection={number: Peer(answer=answering(number), delay=0.01) for number in ids})
    async with engine(db, peers, batches_of_connection=2):
        await until(db, workspace_id, order_id, lambda found: found.get("deferred") == 4000)
        assert len(set(first.values())) == 2
        async with db.trusted() as tx:
            await tx.execute(DUE_NOW)
        assert await until(db, workspace_id, order_id, ended) == {"accepted": 4000}
    assert {before == after for before, after in again} == {True}


async def test_weights_share_and_a_sender_s_domain_has_its_own_connection(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        big, small, never, own = [await make_connection(tx, workspace_id) for _ in range(4)]
        await make_connection(tx, other_workspace_id)
        for number, weight, domains in (
            (big, 90, []),
            (small, 10, []),
            (never, 0, []),
            (own, 1, ["shop.example"]),
        ):
            await tx.execute(SET, id=number, weight=weight, domains=domains)

        async def chosen(domain: str = "any.example", **more) -> int | None:
            more = {"blocked": [], "running": {}, "most": 3, **more}
            return await rotation.choose(
                tx, workspace_id=workspace_id, channel="email", sender_domain=domain, **more
            )

        found = Counter([await chosen() for _ in range(400)])
        assert set(found) == {big, small}
        assert found[big] > 4 * found[small]
        assert {await chosen("shop.example") for _ in range(10)} == {own}
        assert {await chosen(sticks_to=small) for _ in range(10)} == {small}
        assert await chosen(sticks_to=small, running={small: 3}) == small
        assert await chosen(sticks_to=small, running={small: 6}) is None
        assert await chosen(sticks_to=small, blocked=[small]) == big
        assert await chosen(blocked=[big, small]) is None
        # Where there is always work, batches under way keep the shares: 3 to 1, and all 3 when alone.
        assert {await chosen(running={small: 1}) for _ in range(20)} == {big}
        assert {await chosen(running={big: 2, small: 1}) for _ in range(20)} == {big}
        assert await chosen(running={big: 3, small: 1}) is None
        assert await chosen(running={small: 2}, blocked=[big]) == small
