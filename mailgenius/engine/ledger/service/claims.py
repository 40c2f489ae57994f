"""Claiming: choose a lane by fair share, lease one of its batches, and keep the lease alive."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from mailgenius.engine.ledger import outcomes, queries
from mailgenius.engine.ledger.model import Claim, Lane, QueuedMessage
from mailgenius.engine.ledger.outcomes import other_engines as other_engines
from mailgenius.engine.ledger.queries import note_connection as note_connection
from mailgenius.kit.db.transaction import Tx

MOST_BEHIND = 20 * 1000 * 11
"""How far a lane that wakes may lag behind the most served one: some twenty campaign batches. What it missed
while it slept is not owed to it, or it would keep all others waiting."""

URGENT = 0
"""The priority of messages that somebody waits for. Their lanes come before all others."""
ANY_PRIORITY = 32767


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a look for work found."""

    lane: Lane | None = None
    """The lane looked at; None when all are at rest."""
    claim: Claim | None = None
    messages: tuple[QueuedMessage, ...] = ()
    at_rest: bool = False
    """Nothing of the lane is claimable by anybody for now, and it was told to rest."""


async def claim(
    tx: Tx,
    *,
    owner: str,
    lease: timedelta,
    blocked: Collection[tuple[int, int]] = (),
    skip: Collection[tuple[int, str, int]] = (),
    most_priority: int = ANY_PRIORITY,
) -> Look:
    """Look for work once: in the least served lane, for one batch.

    Args:
        tx: a trusted transaction.
        owner: a name for this very lease.
        lease: how long it lasts without a heartbeat.
        blocked: (workspace, connection) pairs that the caller cannot send through at the moment.
        skip: lanes that the caller does not want to look at.
        most_priority: lanes with a higher number, which is less urgent, are not looked at.
    """
    lane = await queries.pick_lane(tx, skip=skip, most_behind=MOST_BEHIND, most_priority=most_priority)
    if lane is None:
        return Look()
    ours = [connection for workspace, connection in blocked if workspace == lane.workspace_id]
    found = await queries.claim_batch(tx, lane=lane, owner=owner, lease=lease, blocked=ours)
    if found is None:
        if not ours:
            await queries.sleep_lane(tx, lane=lane)
        return Look(lane=lane, at_rest=not ours)
    messages = await queries.queued_messages(tx, claim=found)
    return Look(lane=lane, claim=found, messages=tuple(messages))


async def renew(tx: Tx, *, workspace_id: int, claims: Collection[Claim], lease: timedelta) -> int:
    """Prolong the leases of one workspace, and return how many are still ours."""
    return await outcomes.renew_leases(
        tx,
        workspace_id=workspace_id,
        batch_ids=[item.batch_id for item in claims],
        owners=[item.owner for item in claims],
        lease=lease,
    )


def by_workspace(claims: Collection[Claim]) -> list[tuple[int, list[Claim]]]:
    """Group claims for statements that each touch one workspace."""
    ordered = sorted(claims, key=lambda item: (item.workspace_id, item.batch_id))
    return [(key, list(group)) for key, group in groupby(ordered, key=lambda item: item.workspace_id)]
