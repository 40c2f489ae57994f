"""How an order does: when its hard bounces or complaints pass what the workspace allows, it must not go on.

Counted in the transaction of the outcomes. Who stops the order, and tells, is the caller's business.
"""

from dataclasses import dataclass

from mailgenius.engine.pacing import queries
from mailgenius.kit.db.transaction import Tx

WARM_UP_PERCENT = 3
WARM_UP_AFTER = 30
"""So many messages of a day say something about the share that bounces."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TooMany:
    """Why an order must not go on."""

    what: str
    """`bounces` or `complaints`."""
    count: int
    sent: int


async def note(tx: Tx, *, workspace_id: int, order_id: int, bounced: int = 0, complained: int = 0) -> None:
    """Count hard bounces and complaints. Whoever counts asks `judge` afterwards."""
    await queries.note_health(
        tx, workspace_id=workspace_id, order_id=order_id, bounced=bounced, complained=complained
    )


async def judge(tx: Tx, *, workspace_id: int, order_id: int) -> TooMany | None:
    """Say whether an order has passed a threshold; a threshold of 0 is never passed."""
    found = await queries.health(tx, workspace_id=workspace_id, order_id=order_id)
    if found is None:
        return None
    checks = (
        ("bounces", found.bounced, found.bounce_percent, found.bounce_after),
        ("complaints", found.complained, found.complaint_percent, found.complaint_after),
    )
    for what, count, percent, after in checks:
        if percent > 0 and found.sent >= after and count * 100 > percent * found.sent:
            return TooMany(what=what, count=count, sent=found.sent)
    return None


async def begin_anew(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Forget what was counted, because somebody decided that the order goes on."""
    await queries.begin_anew(tx, workspace_id=workspace_id, order_id=order_id)


async def begin_warm_up_anew(tx: Tx, *, workspace_id: int, connection_id: int) -> None:
    """Forget today's bounces of a connection that warms up, because it pauses for them."""
    await queries.forget_warm_up(tx, workspace_id=workspace_id, connection_id=connection_id)


async def too_many_for_warm_up(tx: Tx, *, workspace_id: int, connection_id: int, bounced: int) -> bool:
    """Count bounces of a connection that warms up, and say whether today's are too many."""
    found = await queries.note_warm_up(
        tx, workspace_id=workspace_id, connection_id=connection_id, bounced=bounced
    )
    if found is None:
        return False
    sent, total = found
    return sent >= WARM_UP_AFTER and total * 100 > WARM_UP_PERCENT * sent
