"""The ledger's statements that only read: counts, lists and the books."""

from datetime import timedelta

from mailgenius.engine.ledger.books import Conservation, Imbalance, OpenBooks
from mailgenius.engine.ledger.model import MessageRow, MessageState
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)

_SPARSE = frozenset(
    {
        MessageState.REJECTED,
        MessageState.UNKNOWN,
        MessageState.SUPPRESSED,
        MessageState.EXPIRED,
        MessageState.BOUNCED,
        MessageState.COMPLAINED,
    }
)
"""States that few messages have, each with a row in attempts or message_feedback that leads to them."""

_NEAR = 20
"""Batches that are searched for a page of moving messages before all of them are."""
_ALL = 1_000_000_000
_LATELY = timedelta(days=1)
"""An order that ended longer ago does not move any more; the count of rows still sees it."""


async def unfinished_batches(tx: Tx, *, workspace_id: int, order_id: int) -> int:
    count: int = await tx.value(_SQL["unfinished-batches"], workspace_id=workspace_id, order_id=order_id)
    return count


async def order_counts(tx: Tx, *, workspace_id: int, order_id: int) -> dict[MessageState, int]:
    """Count an order's messages by state. Every state is there."""
    counts = dict.fromkeys(MessageState, 0)
    for state, n in await tx.rows(_SQL["order-counts"], workspace_id=workspace_id, order_id=order_id):
        counts[MessageState(state)] += int(n)
    counts[MessageState.QUEUED] -= counts[MessageState.SENDING]
    return counts


async def order_messages(
    tx: Tx, *, workspace_id: int, order_id: int, state: MessageState | None, after_id: int, limit: int
) -> list[MessageRow]:
    """List messages by id. Each kind of state has the way to it that does not read all the others."""
    if state is not None:
        counts = await order_counts(tx, workspace_id=workspace_id, order_id=order_id)
        if not counts[state]:
            return []
    page = {"workspace_id": workspace_id, "order_id": order_id, "after_id": after_id, "limit": limit}
    if state in _SPARSE:
        return await tx.all(MessageRow, _SQL["troubled-messages"], state=state, **page)
    if state in {MessageState.QUEUED, MessageState.SENDING}:
        rows = await tx.all(MessageRow, _SQL["moving-messages"], shown=state, batches=_NEAR, **page)
        if len(rows) < limit:
            rows = await tx.all(MessageRow, _SQL["moving-messages"], shown=state, batches=_ALL, **page)
        return rows
    if state is MessageState.CANCELLED:
        rows = await tx.all(MessageRow, _SQL["cancelled-messages"], batches=_NEAR, **page)
        if len(rows) < limit:
            rows = await tx.all(MessageRow, _SQL["cancelled-messages"], batches=_ALL, **page)
        return rows
    if state is MessageState.DEFERRED:
        return await tx.all(MessageRow, _SQL["deferred-messages"], **page)
    return await tx.all(MessageRow, _SQL["order-messages"], state=state, **page)


async def open_books(tx: Tx) -> OpenBooks:
    """Compare what was taken in with the kept counters. Cheap: no message is read."""
    return await tx.one(OpenBooks, _SQL["open-books"], lately=_LATELY)


async def conservation(tx: Tx, *, workspace_id: int | None) -> Conservation:
    """Compare what was taken in with the counters and with the rows, of one workspace or of all.

    Reads every message: a job for quiet hours, or for one workspace. The differences come from one statement,
    which sees one moment, so messages that move meanwhile cause none.
    """
    ways: dict[str, dict[MessageState, int]] = {"taken": {}, "counted": {}, "found": {}}
    for way, state, n in await tx.rows(_SQL["count-all"], workspace_id=workspace_id):
        ways[way][MessageState(state)] = n
    imbalances = await tx.all(Imbalance, _SQL["imbalances"], workspace_id=workspace_id)
    return Conservation(
        taken=sum(ways["taken"].values()),
        counted=ways["counted"],
        found=ways["found"],
        imbalances=tuple(imbalances),
    )
