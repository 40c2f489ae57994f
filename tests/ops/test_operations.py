"""How the sending goes, in figures that add up with the messages, and no workspace sees another's."""

from datetime import timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.intake import service as intake
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.ops import operations
from tests.factories.engine import make_connection, make_order

DEFER = Query(
    "defer",
    "Some messages of an order were deferred.",
    """
WITH picked AS (
    SELECT id FROM messages
     WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s ORDER BY id LIMIT %(number)s
), changed AS (
    UPDATE messages m SET state = 'deferred', attempts = 1 FROM picked
     WHERE m.workspace_id = %(workspace_id)s AND m.id = picked.id
), counted AS (
    INSERT INTO message_counts (workspace_id, order_id, hour, state, shard, n)
    VALUES (%(workspace_id)s, %(order_id)s, date_trunc('hour', now()), 'deferred', 3, %(number)s),
           (%(workspace_id)s, %(order_id)s, date_trunc('hour', now()), 'queued', 3, -%(number)s)
), tried AS (
    INSERT INTO attempts (workspace_id, message_id, number, order_id, outcome, code, reason)
    SELECT %(workspace_id)s, id, 1, %(order_id)s, 'deferred', '451 4.7.1', 'try later' FROM picked
)
INSERT INTO deferrals (workspace_id, message_id, order_id, due_at)
SELECT %(workspace_id)s, id, %(order_id)s, now() + interval '1 hour' FROM picked
""",
)
LOSE_ANSWERS = Query(
    "unknown",
    "Messages without an answer.",
    "INSERT INTO message_counts (workspace_id, order_id, hour, state, shard, n)"
    " VALUES (%(workspace_id)s, %(order_id)s, now() - interval '2 days', 'unknown', 5, 4)",
)


async def test_what_waits_is_told_by_channel_and_priority(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=300)
        await make_order(tx, workspace_id, recipients=7, priority=0)
        await tx.execute(DEFER, workspace_id=workspace_id, order_id=order_id, number=20)
        await tx.execute(LOSE_ANSWERS, workspace_id=workspace_id, order_id=order_id)
    async with db.trusted() as tx:
        found = await operations.sending(tx, workspace_id=None)
    first, second = found.queues
    assert (first.channel, first.priority, first.queued, first.deferred) == ("email", 0, 7, 0)
    assert (second.channel, second.priority, second.queued, second.deferred) == ("email", 10, 280, 20)
    assert second.due_batches > 0
    assert (found.queued, found.unknown) == (287, 4)
    assert [(each.code, each.example, each.messages) for each in found.deferred] == [
        ("451 4.7.1", "try later", 20)
    ]


async def test_a_workspace_sees_its_own_part(db: Database, workspace_id: int, other_workspace_id: int):
    async with db.trusted() as tx:
        theirs = await make_order(tx, other_workspace_id, recipients=50)
        await tx.execute(DEFER, workspace_id=other_workspace_id, order_id=theirs, number=5)
        await tx.execute(LOSE_ANSWERS, workspace_id=other_workspace_id, order_id=theirs)
        await make_order(tx, workspace_id, recipients=3)
    async with db.trusted() as tx:
        ours = await operations.sending(tx, workspace_id=workspace_id)
        every = await operations.sending(tx, workspace_id=None)
    assert (ours.queued, ours.unknown, list(ours.deferred)) == (3, 0, [])
    assert every.queued == 48


async def test_what_has_ended_is_no_queue(db: Database, workspace_id: int):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=30)
        await intake.cancel(tx, workspace_id=workspace_id, order_id=order_id)
    async with db.trusted() as tx:
        assert (await operations.sending(tx, workspace_id=None)).queues == []


async def test_connections_that_are_left_alone_are_named(
    db: Database, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        connection_id = await make_connection(tx, workspace_id)
        await connections.trip(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            reason="connection refused",
            waits=[timedelta(minutes=5)],
        )
    async with db.trusted() as tx:
        (circuit,) = (await operations.sending(tx, workspace_id=workspace_id)).circuits
        theirs = await operations.sending(tx, workspace_id=other_workspace_id)
    assert (circuit.connection_id, circuit.reason) == (connection_id, "connection refused")
    assert theirs.circuits == []
