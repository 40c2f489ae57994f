"""Feedback beside the sending: nobody waits for the other for ever, and the books hold."""

import asyncio
from itertools import cycle

from mailgenius.engine.connections import service as connections
from mailgenius.engine.feedback import service as feedback
from mailgenius.engine.ledger.feedback import Feedback, FeedbackKind
from mailgenius.engine.pacing import deciding
from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.dispatch.test_manners import WARM
from tests.engine.ledger.test_protocol import claim, conserved, counts, finish, open_window, settlement
from tests.factories.engine import Peer, Peers, make_connection, make_order

SOME = Query(
    "some",
    "Messages that left.",
    "SELECT id FROM messages WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s"
    " AND state = 'accepted' ORDER BY random() LIMIT 30",
)
USED = Query(
    "used", "Of today.", "UPDATE pace_meters SET day = (now() AT TIME ZONE 'UTC')::date, day_used = 40"
)
METER = Query(
    "meter",
    "One.",
    "INSERT INTO pace_meters (workspace_id, scope, key)"
    " VALUES (%(workspace_id)s, 'connection', %(id)s::text)",
)


async def tell(db: Database, workspace_id: int, order_id: int, kinds: list[FeedbackKind]) -> int:
    """Tell something of messages that have left; return of how many."""
    async with db.trusted() as tx:
        rows = await tx.rows(SOME, workspace_id=workspace_id, order_id=order_id)
    told = [
        Feedback(message_id=row[0], kind=kind, at=clock.now())
        for row, kind in zip(rows, cycle(kinds), strict=False)
    ]
    async with db.tenant(workspace_id) as tx:
        await feedback.take(tx, workspace_id=workspace_id, items=told)
    return len(told)


async def test_telling_and_sending_do_not_stop_each_other(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        rules = SendingRules(complaint_percent=0, bounce_percent=0)
        await deciding.set_sending_rules(tx, workspace_id=workspace_id, rules=rules)
        order_id = await make_order(tx, workspace_id, recipients=2000)
    sent = asyncio.Event()

    async def teller() -> int:
        told = 0
        while not (sent.is_set() and told):
            told += await tell(db, workspace_id, order_id, list(FeedbackKind))
        return told

    peers = Peers(default=Peer(delay=0.02))
    tellers = [asyncio.create_task(teller()) for _ in range(2)]
    async with engine(db, peers), engine(db, peers):
        await until(db, workspace_id, order_id, ended)
    sent.set()
    assert min(await asyncio.gather(*tellers)) > 0
    found = await counts(db, workspace_id, order_id)
    assert found.keys() == {"accepted", "delivered", "bounced", "complained"}
    assert sum(found.values()) == 2000
    assert await conserved(db)


async def test_bounces_that_come_later_pause_a_warm_up(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        young = await make_connection(tx, workspace_id)
        await tx.execute(WARM, id=young, days=1)
        await tx.execute(METER, workspace_id=workspace_id, id=young)
        await tx.execute(USED)
        order_id = await make_order(tx, workspace_id, recipients=40, connection_id=young)
    look = await claim(db)
    assert look.claim
    await open_window(db, look.claim, look.messages)
    await finish(db, look.claim, [settlement(message) for message in look.messages])
    await tell(db, workspace_id, order_id, [FeedbackKind.DELIVERED, FeedbackKind.SOFT_BOUNCE])
    async with db.trusted() as tx:
        assert await connections.circuits(tx, workspace_id=workspace_id) == []
    await tell(db, workspace_id, order_id, [FeedbackKind.HARD_BOUNCE])
    async with db.trusted() as tx:
        (circuit,) = await connections.circuits(tx, workspace_id=workspace_id)
    assert circuit.connection_id == young
    # What comes in later moves neither the end of the rest nor, again, the plan. Nor does a trial.
    async with db.trusted() as tx:
        await feedback.note_warm_up(tx, workspace_id=workspace_id, connection_id=young, bounced=10)
        await connections.works_again(tx, workspace_id=workspace_id, connection_id=young)
        (still,) = await connections.circuits(tx, workspace_id=workspace_id)
        told = await connections.troubles(tx, workspace_id=workspace_id, connection_id=young, limit=5)
        plan = (await connections.get(tx, workspace_id=workspace_id, connection_id=young)).warm_up_from
    assert (still.retry_at, still.failures) == (circuit.retry_at, 1)
    assert [(each.action, each.doer_kind) for each in told] == [("connection.warm_up_paused", "system")]
    assert plan == clock.now().date()
