"""Upkeep of the ledger, called from time to time."""

from datetime import timedelta

from mailgenius.engine.ledger import queries, takings
from mailgenius.engine.ledger.takings import next_workspace_with_data as next_workspace_with_data
from mailgenius.kit.db.transaction import Tx

MONTHS_KEPT_READY = 5
"""Partitions of messages: last month's, this month's and three to come."""
DATA_KEPT_FOR = timedelta(days=30)
"""How long the values of a message are kept after its end, for who views it in the browser."""
SWEPT_AT_ONCE = 2000

__all__ = [
    "DATA_KEPT_FOR",
    "call_back_batches",
    "ensure_partitions",
    "forget_data",
    "next_workspace_with_data",
    "wake_forgotten_lanes",
]


async def ensure_partitions(tx: Tx) -> int:
    """Make the monthly partitions of messages that are missing; return how many. A second run makes none."""
    return await queries.make_partitions(tx, months=MONTHS_KEPT_READY)


async def forget_data(
    tx: Tx, *, workspace_id: int, after_id: int = 0, kept_for: timedelta = DATA_KEPT_FOR
) -> takings.Swept:
    """Forget the values of some messages that ended long ago, from one message on; return how far it came.

    Done step by step, each in its own transaction, so that no lock lasts. Messages that may be sent yet, open
    dead letters among them, keep theirs. A second run finds less.
    """
    return await takings.sweep_data(
        tx, workspace_id=workspace_id, after_id=after_id, kept_for=kept_for, limit=SWEPT_AT_ONCE
    )


async def call_back_batches(tx: Tx) -> int:
    """Make batches claimable that are dated ahead of now, and return how many: the clock was set back."""
    return await queries.call_back_batches(tx)


async def wake_forgotten_lanes(tx: Tx) -> int:
    """Wake lanes that rest over due work and return how many: always none, unless there is a defect."""
    lanes = await queries.forgotten_lanes(tx)
    for workspace_id, channel, priority in lanes:
        await queries.wake_lane(tx, workspace_id=workspace_id, channel=channel, priority=priority)
    return len(lanes)
