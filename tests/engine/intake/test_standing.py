"""Standing orders: shared while they are used, closed when they are not, bounded in number."""

import asyncio
from functools import partial

import pytest

from mailgenius.engine.intake import service as intake, standing
from mailgenius.engine.intake.standing import Parcel
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import OrderState
from mailgenius.engine.ledger.takings import Taken
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Tx
from tests.factories.dead_letters import end_queued
from tests.factories.engine import CONTENT, make_connection

ORDERS = Query("orders", "Orders.", "SELECT id, sealed, taken FROM orders ORDER BY id")
OPENED_YESTERDAY = Query("old", "Time goes by.", "UPDATE orders SET created_at = now() - interval '25 hours'")
AGE = Query("age", "Time goes by.", "UPDATE standing_orders SET used_at = now() - interval '1 hour'")


async def take(db: Database, workspace_id: int, *keys: bytes, connection_id: int) -> list[int]:
    """Send one message of each key, in one call."""

    async def opened(tx: Tx) -> int:
        return await intake.open_order(
            tx,
            workspace_id=workspace_id,
            source="api",
            source_id=None,
            channel="email",
            priority=0,
            connection_id=connection_id,
            content=CONTENT,
        )

    async with db.tenant(workspace_id) as tx:
        parcels = [
            Parcel(key=key, items=[Taken(address="ana@example.com")], open_order=partial(opened, tx))
            for key in keys
        ]
        taken = await standing.take(tx, workspace_id=workspace_id, parcels=parcels)
    return [message_id for ids in taken for message_id in ids]


@pytest.fixture
async def connection_id(db: Database, workspace_id: int) -> int:
    async with db.trusted() as tx:
        return await make_connection(tx, workspace_id)


async def orders(db: Database) -> list[tuple[int, bool, int]]:
    async with db.trusted() as tx:
        return [tuple(row) for row in await tx.rows(ORDERS)]


async def close_idle(db: Database) -> list[bool]:
    async with db.trusted() as tx:
        idle = await standing.idle(tx, limit=100)
    closed = []
    for workspace_id, key, order_id in idle:
        async with db.trusted() as tx:
            closed.append(
                await standing.close_idle(tx, workspace_id=workspace_id, key=key, order_id=order_id)
            )
    return closed


async def test_callers_side_by_side_share_orders_and_do_not_wait_for_each_other_for_ever(
    db: Database, workspace_id: int, connection_id: int
):
    keys = [b"a", b"b", b"c"]
    calls = [
        take(db, workspace_id, *(keys if n % 2 else keys[::-1]), connection_id=connection_id)
        for n in range(12)
    ]
    ids = [message_id for taken in await asyncio.gather(*calls) for message_id in taken]
    assert len(set(ids)) == 36
    assert [row[1:] for row in await orders(db)] == [(False, 12)] * 3


async def test_an_idle_order_is_sealed_and_the_next_message_opens_another(
    db: Database, workspace_id: int, connection_id: int
):
    await take(db, workspace_id, b"a", connection_id=connection_id)
    assert await close_idle(db) == []
    async with db.trusted() as tx:
        await tx.execute(AGE)
    assert await close_idle(db) == [True]
    await end_queued(db, ["accepted"])
    await take(db, workspace_id, b"a", connection_id=connection_id)
    (first, sealed, _), (_, open_again, taken) = await orders(db)
    assert (sealed, open_again, taken) == (True, False, 1)
    async with db.trusted() as tx:
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=first)
        books = await ledger.conservation(tx, workspace_id=workspace_id)
    assert state is OrderState.DRAINED
    assert books.holds


async def test_an_order_that_was_opened_long_ago_gives_its_place_to_another(
    db: Database, workspace_id: int, connection_id: int
):
    await take(db, workspace_id, b"a", connection_id=connection_id)
    async with db.trusted() as tx:
        await tx.execute(AGE)
        await tx.execute(OPENED_YESTERDAY)
    for _ in range(2):
        await take(db, workspace_id, b"a", connection_id=connection_id)
    assert [row[1:] for row in await orders(db)] == [(True, 1), (False, 2)]


async def test_contents_beyond_the_bound_get_an_order_that_ends_by_itself(
    db: Database, workspace_id: int, connection_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(standing, "MOST_STANDING", 2)
    for key in (b"a", b"b", b"c", b"c"):
        await take(db, workspace_id, key, connection_id=connection_id)
    assert [sealed for _, sealed, _ in await orders(db)] == [False, False, True, True]
