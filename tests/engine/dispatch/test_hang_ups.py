"""Messages that break their connection, and messages that somebody waits for when the engine is full."""

import asyncio

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult
from mailgenius.engine.dispatch.health import MOST_HUNG_UP, Health
from mailgenius.engine.dispatch.outcomes import AFTER_HANGING_UP, Outcomes
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState, QueuedMessage
from mailgenius.kit.db.database import Database
from tests.engine.dispatch.test_dispatcher import DUE_NOW, LAST_ERROR, ended, engine, until
from tests.engine.ledger.test_protocol import conserved
from tests.factories.engine import ACCEPTED, Peer, Peers, addresses, make_connection, make_order

HUNG_UP = SendResult(outcome=Outcome.DEFERRED, reason="it closed the connection", fault=Fault.MESSAGE)


def queued(number: int, *, attempts: int = 0) -> QueuedMessage:
    return QueuedMessage(id=number, lead_id=None, address=f"r{number}@example.com", attempts=attempts)


async def test_a_message_that_breaks_its_connection_is_parked_and_holds_nobody_up(
    db: Database, workspace_id: int
):
    def answer(message: OutgoingMessage) -> SendResult:
        return HUNG_UP if message.recipient.startswith("poison") else ACCEPTED

    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        people = [(None, "poison@example.com"), *addresses(300)]
        order_id = await make_order(tx, workspace_id, recipients=people, connection_id=connection_id)
    async with engine(db, Peers(default=Peer(answer=answer))):
        while not ended(await until(db, workspace_id, order_id, lambda found: found.get("accepted") == 300)):
            async with db.trusted() as tx:
                await tx.execute(DUE_NOW)
            await asyncio.sleep(0.1)
    async with db.trusted() as tx:
        rows = await intake.messages(
            tx, workspace_id=workspace_id, order_id=order_id, state=MessageState.REJECTED
        )
        assert await tx.value(LAST_ERROR, id=connection_id) == "", "the connection is not to blame"
    assert [(row.address, row.attempts, row.error) for row in rows] == [
        ("poison@example.com", len(AFTER_HANGING_UP) + 1, "it closed the connection")
    ]
    assert await conserved(db)


async def test_a_connection_that_breaks_for_everybody_is_to_blame(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order = await ledger.get_order(
            tx, workspace_id=workspace_id, order_id=await make_order(tx, workspace_id, recipients=1)
        )
    fresh, worked = Health(), Health()
    worked.learn([(queued(1), ACCEPTED)])
    for health, blamed in ((fresh, True), (worked, False)):
        done = Outcomes()
        done.judge([(queued(2), HUNG_UP)], order=order, deduplicates=False, health=health)
        assert bool(done.fault) is blamed
        assert done.settlements[0].state is MessageState.DEFERRED
    for number in range(MOST_HUNG_UP):
        worked.learn([(queued(10 + number), HUNG_UP)])
    assert not worked.works, "it takes nobody any more"
    worked.learn([(queued(99), ACCEPTED)])
    assert worked.works


async def test_what_somebody_waits_for_leaves_while_campaigns_fill_the_engine(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        busy = await make_connection(tx, workspace_id)
        await make_order(tx, workspace_id, recipients=4000, connection_id=busy)
    slow, quick = Peer(gate=asyncio.Event()), Peer()
    async with engine(db, Peers(default=quick, of_connection={busy: slow}), batches=2, urgent=1):
        await slow.entered.wait()
        while len(slow.windows) < 2:
            await asyncio.sleep(0.01)
        async with db.trusted() as tx:
            code = await make_order(tx, other_workspace_id, recipients=1, priority=0)
        assert await until(db, other_workspace_id, code, ended) == {"accepted": 1}
        assert not slow.taken, "the campaign still holds all other places"
        assert slow.gate
        slow.gate.set()
