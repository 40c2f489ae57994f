"""Writing the audience down, chunk by chunk. Each chunk's messages and the cursor commit together."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.intake import service as intake
from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.campaigns.service.choosing import frozen_condition
from mailgenius.product.campaigns.service.warming import (
    LAST_PASS,
    ONLY_PASS,
    condition_of_pass,
    without_written,
)
from mailgenius.product.leads import service as leads

FIRST_CHUNK = 500
"""Small, so that the first message leaves at once."""
CHUNK = 10_000


async def freeze_next(tx: Tx, *, workspace_id: int, campaign_id: int) -> bool:
    """Write down the next chunk of the audience, and say whether more may follow.

    A crash before the commit leaves nothing of the chunk; a second run goes on after the last commit. A
    campaign that was paused or cancelled meanwhile is left alone.
    """
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.FREEZING or campaign.order_id is None:
        return False
    limit = CHUNK if campaign.frozen_count else FIRST_CHUNK
    await leads.hold_joins(tx, workspace_id=workspace_id)
    freeze_pass = await queries.get_pass(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    recipients = await leads.audience_rows(
        tx,
        workspace_id=workspace_id,
        audience=campaign.audience,
        channel=Channel(campaign.channel),
        after_id=campaign.frozen_to,
        until_id=campaign.frozen_until or 0,
        limit=limit,
        condition=await _condition(tx, workspace_id=workspace_id, campaign=campaign, freeze_pass=freeze_pass),
    )
    taken = await intake.accept(
        tx, workspace_id=workspace_id, order_id=campaign.order_id, recipients=recipients
    )
    if taken.last_lead_id is not None:
        await queries.advance_freeze(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign_id,
            frozen_to=taken.last_lead_id,
            added=taken.count,
        )
    if taken.count == limit:
        return True
    if ONLY_PASS < freeze_pass < LAST_PASS:
        await queries.set_pass(
            tx, workspace_id=workspace_id, campaign_id=campaign_id, freeze_pass=freeze_pass + 1
        )
        return True
    await queries.finish_freeze(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    await intake.seal(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    return False


async def _condition(tx: Tx, *, workspace_id: int, campaign: Campaign, freeze_pass: int) -> Fragment | None:
    """Say who is written down now.

    Somebody who was written down may have been merged, since the launch, into a lead that is still to come.
    """
    chosen = await frozen_condition(tx, workspace_id=workspace_id, campaign=campaign)
    condition = condition_of_pass(campaign, freeze_pass, chosen)
    since = campaign.launched_at or clock.now()
    if await leads.any_joined_since(tx, workspace_id=workspace_id, since=since):
        return without_written(campaign, condition)
    return condition
