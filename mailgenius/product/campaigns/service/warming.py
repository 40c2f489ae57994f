"""Who comes first when a campaign leaves through connections that warm up: the most engaged leads.

Mailbox providers judge a new sender by how its first messages are received. The freeze then goes through the
audience several times: first for leads that clicked lately, then for those that opened, then for all others.
What a pass has written down the later ones leave out by looking at the messages themselves. So each lead is
written to once, whatever it does meanwhile and wherever the freeze is interrupted.
"""

from datetime import timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.pacing import rotation
from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import Campaign
from mailgenius.product.campaigns.service.choosing import both

ENGAGED_FOR = timedelta(days=90)
CLOCK_SLACK = timedelta(days=1)
"""Ids of messages carry their time: so far the database's clock may have been set back since the launch."""
ONLY_PASS = 0
"""Of a campaign without a warm-up: all leads by id."""
TIERS = (("click",), ("open", "click"), None)
"""Whom each pass is for, from pass 1 on: leads that did one of these lately; None: everybody."""
LAST_PASS = len(TIERS)


async def begin_passes(tx: Tx, *, workspace_id: int, campaign: Campaign) -> None:
    """Have the freeze of a campaign begin with the most engaged, if all it may leave through warms up."""
    ways = await _ways(tx, workspace_id=workspace_id, campaign=campaign)
    live = await connections.list_connections(tx, workspace_id=workspace_id)
    used = [each for each in live if each.id in ways]
    if used and all(each.warming for each in used):
        await queries.set_pass(tx, workspace_id=workspace_id, campaign_id=campaign.id, freeze_pass=1)


async def _ways(tx: Tx, *, workspace_id: int, campaign: Campaign) -> set[int]:
    if campaign.connection_id is not None:
        return {campaign.connection_id}
    domain = campaign.sender_email.rpartition("@")[2].lower()
    found = await rotation.candidates(tx, workspace_id=workspace_id, channel=campaign.channel)
    return {each.id for each in rotation.meant_for(found, domain)}


def condition_of_pass(campaign: Campaign, freeze_pass: int, condition: Fragment | None) -> Fragment | None:
    """Narrow the condition of an audience to those whom a pass is for."""
    if freeze_pass == ONLY_PASS:
        return condition
    parts = [condition] if condition else []
    kinds = TIERS[freeze_pass - 1]
    since = campaign.launched_at or clock.now()
    if kinds is not None:
        parts.append(queries.engaged(kinds=kinds, since=since - ENGAGED_FOR))
    if freeze_pass > 1:
        parts.append(_not_written_to(campaign))
    return both(*parts)


def without_written(campaign: Campaign, condition: Fragment | None) -> Fragment:
    """Narrow a condition to those whom the campaign has no message for, whichever way they got one."""
    parts = [condition] if condition else []
    return both(*parts, _not_written_to(campaign))


def _not_written_to(campaign: Campaign) -> Fragment:
    since = (campaign.launched_at or clock.now()) - CLOCK_SLACK
    return queries.not_written_to(order_id=campaign.order_id or 0, since=since)
