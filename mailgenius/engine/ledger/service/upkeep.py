"""Upkeep of the ledger, called from time to time."""

from mailgenius.engine.ledger import queries
from mailgenius.kit.db.transaction import Tx

MONTHS_KEPT_READY = 5
"""Partitions of messages: last month's, this month's and three to come."""


async def ensure_partitions(tx: Tx) -> int:
    """Make the monthly partitions of messages that are missing; return how many. A second run makes none."""
    return await queries.make_partitions(tx, months=MONTHS_KEPT_READY)


async def call_back_batches(tx: Tx) -> int:
    """Make batches claimable that are dated ahead of now, and return how many: the clock was set back."""
    return await queries.call_back_batches(tx)


async def wake_forgotten_lanes(tx: Tx) -> int:
    """Wake lanes that rest over due work and return how many: always none, unless there is a defect."""
    lanes = await queries.forgotten_lanes(tx)
    for workspace_id, channel, priority in lanes:
        await queries.wake_lane(tx, workspace_id=workspace_id, channel=channel, priority=priority)
    return len(lanes)
