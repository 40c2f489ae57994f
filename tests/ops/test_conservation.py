"""The conservation law is checked in both ways, and what is wrong stays in sight."""

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.ops import conservation
from mailgenius.ops.maintenance import check_counters, check_rows
from tests.factories.engine import make_order

LOSE_ONE = Query("lose", "A row goes.", "DELETE FROM messages WHERE id = (SELECT min(id) FROM messages)")
MISCOUNT = Query("miscount", "A counter slips.", "UPDATE message_counts SET n = n - 3")


async def test_books_that_balance_say_so_in_both_ways(db: Database, workspace_id: int, context: JobContext):
    async with db.trusted() as tx:
        assert await conservation.latest(tx) is None
        await make_order(tx, workspace_id, recipients=120)
    for check in (check_counters, check_rows, check_counters):
        await check(context)
        async with db.trusted() as tx:
            books = await conservation.latest(tx)
        assert books
        assert (books.taken, books.counted_difference, books.orders_out_of_balance) == (120, 0, 0)


async def test_a_slipped_counter_shows_within_the_minute(
    db: Database, workspace_id: int, other_workspace_id: int, context: JobContext
):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=50)
        await tx.execute(MISCOUNT)
        await make_order(tx, other_workspace_id, recipients=50)
    await check_counters(context)
    async with db.trusted() as tx:
        books = await conservation.latest(tx)
    assert books
    assert (books.taken, books.counted_difference, books.orders_out_of_balance) == (100, 3, 1)


async def test_a_lost_row_found_at_night_is_not_hidden_by_the_counters(
    db: Database, workspace_id: int, context: JobContext
):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=50)
        await tx.execute(LOSE_ONE)
    await check_rows(context)
    await check_counters(context)
    async with db.trusted() as tx:
        books = await conservation.latest(tx)
    assert books
    assert (books.orders_out_of_balance, books.counted_difference) == (1, 1), "one message, missed once"
