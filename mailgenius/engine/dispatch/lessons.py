"""What a window taught beside its outcomes: of addresses, of mailboxes, of the connection.

Written in the transaction of the outcomes.

And what follows from it for the whole order: one with too many dead addresses is held.
"""

from datetime import timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.dispatch.outcomes import Outcomes
from mailgenius.engine.feedback import service as feedback
from mailgenius.engine.ledger.model import Claim, Order
from mailgenius.engine.pacing import health, service as pacing
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.engine.retries import service as retries
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.logs import logger

log = logger(__name__)


async def tell(
    tx: Tx, *, claim: Claim, order: Order, done: Outcomes, mailboxes: Mailboxes, warming: bool
) -> bool:
    """Write down dead addresses and the waits that groups of mailboxes asked for.

    Returns whether the connection rests from now on, for the sake of its warm-up.
    """
    rests = False
    if done.bounces:
        await feedback.note_dead_addresses(
            tx,
            workspace_id=claim.workspace_id,
            channel=order.channel,
            said={bounce.address: bounce.reason for bounce in done.bounces},
        )
    for message, wait, words in done.holds:
        await pacing.hold(
            tx,
            workspace_id=claim.workspace_id,
            connection_id=claim.connection_id,
            mailbox_group=mailboxes.group_of(message.address),
            wait=wait,
            reason=words,
        )
    if done.bounces and warming:
        rests = await feedback.note_warm_up(
            tx,
            workspace_id=claim.workspace_id,
            connection_id=claim.connection_id,
            bounced=len(done.bounces),
        )
    if done.bounces and not order.content.sample:
        await health.note(
            tx, workspace_id=claim.workspace_id, order_id=claim.order_id, bounced=len(done.bounces)
        )
    return rests


async def tell_of_connection(
    tx: Tx, *, claim: Claim, fault: str, asked: timedelta | None, works_again: bool
) -> None:
    """Let all engines know that a connection failed as a whole, or that it works again."""
    if fault:
        await connections.trip(
            tx,
            workspace_id=claim.workspace_id,
            connection_id=claim.connection_id,
            reason=fault,
            waits=retries.AFTER_CONNECTION_FAULT,
            asked=asked,
        )
    elif works_again:
        await connections.works_again(tx, workspace_id=claim.workspace_id, connection_id=claim.connection_id)


async def hold_if_unhealthy(db: Database, *, claim: Claim) -> None:
    """Hold the order when it has passed a threshold of its workspace. After the outcomes are committed.

    A transaction of its own: the order is locked first there, as everywhere.
    """
    async with db.trusted() as tx:
        reason = await feedback.hold_if_unhealthy(
            tx, workspace_id=claim.workspace_id, order_id=claim.order_id
        )
    if reason:
        log.warning("order held", workspace=claim.workspace_id, order=claim.order_id, reason=reason)
