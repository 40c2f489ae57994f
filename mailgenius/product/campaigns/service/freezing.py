"""Writing the audience down, chunk by chunk. Each chunk's messages and the cursor commit together."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.intake import service as intake
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.campaigns.service.choosing import frozen_condition
from mailgenius.product.campaigns.service.warming import LAST_PASS, ONLY_PASS, condition_of_pass
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
    freeze_pass = await queries.get_pass(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    condition = await frozen_condition(tx, workspace_id=workspace_id, campaign=campaign)
    recipients = await leads.audience_rows(
        tx,
        workspace_id=workspace_id,
        audience=campaign.audience,
        channel=Channel(campaign.channel),
        after_id=campaign.frozen_to,
        until_id=campaign.frozen_until or 0,
        limit=limit,
        condition=condition_of_pass(campaign, freeze_pass, condition),
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
