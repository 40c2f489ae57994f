"""Writing the audience down, chunk by chunk. Each chunk's messages and the cursor commit together."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import Taken
from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.campaigns.service.choosing import frozen_condition
from mailgenius.product.campaigns.service.foreseeing import Foreseen, is_foreseeable, judge
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


async def freeze_next(
    tx: Tx, *, workspace_id: int, campaign_id: int, foreseen: Foreseen | None = None
) -> bool:
    """Write down the next chunk of the audience, and say whether more may follow.

    A crash before the commit leaves nothing of the chunk; a second run goes on after the last commit. A
    campaign that was paused or cancelled meanwhile is left alone. What was foreseen for another place of the
    audience is judged again.
    """
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.FREEZING or campaign.order_id is None:
        return False
    await leads.hold_joins(tx, workspace_id=workspace_id)
    freeze_pass = await queries.get_pass(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    condition = await frozen_condition(tx, workspace_id=workspace_id, campaign=campaign)
    if is_foreseeable(condition, freeze_pass):
        if foreseen is None or foreseen.after_id != campaign.frozen_to:
            foreseen = await judge(tx, workspace_id=workspace_id, campaign=campaign, condition=condition)
        more = await _write_foreseen(tx, workspace_id=workspace_id, campaign=campaign, foreseen=foreseen)
    else:
        more = await _write_chunk(
            tx, workspace_id=workspace_id, campaign=campaign, freeze_pass=freeze_pass, condition=condition
        )
    if not more:
        await queries.finish_freeze(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        await intake.seal(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    return more


async def _write_foreseen(tx: Tx, *, workspace_id: int, campaign: Campaign, foreseen: Foreseen) -> bool:
    """Write down those of some leads that the rest of the audience holds for."""
    added = 0
    if foreseen.lead_ids:
        taken = await _write(
            tx,
            workspace_id=workspace_id,
            campaign=campaign,
            condition=leads.among(foreseen.lead_ids),
            until_id=foreseen.until_id,
            limit=len(foreseen.lead_ids),
        )
        added = taken.count
    await queries.advance_freeze(
        tx, workspace_id=workspace_id, campaign_id=campaign.id, frozen_to=foreseen.until_id, added=added
    )
    return not foreseen.is_last


async def _write_chunk(
    tx: Tx, *, workspace_id: int, campaign: Campaign, freeze_pass: int, condition: Fragment | None
) -> bool:
    """Write down the next of the audience that a pass is for."""
    limit = CHUNK if campaign.frozen_count else FIRST_CHUNK
    taken = await _write(
        tx,
        workspace_id=workspace_id,
        campaign=campaign,
        condition=condition_of_pass(campaign, freeze_pass, condition),
        until_id=campaign.frozen_until or 0,
        limit=limit,
    )
    if taken.last_lead_id is not None:
        await queries.advance_freeze(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign.id,
            frozen_to=taken.last_lead_id,
            added=taken.count,
        )
    if taken.count == limit:
        return True
    if ONLY_PASS < freeze_pass < LAST_PASS:
        await queries.set_pass(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, freeze_pass=freeze_pass + 1
        )
        return True
    return False


async def _write(
    tx: Tx, *, workspace_id: int, campaign: Campaign, condition: Fragment | None, until_id: int, limit: int
) -> Taken:
    """Write a message for each of the next of the audience that a condition holds for.

    Somebody who was written down may have been merged, since the launch, into a lead that is still to come.
    """
    since = campaign.launched_at or clock.now()
    if await leads.any_joined_since(tx, workspace_id=workspace_id, since=since):
        condition = without_written(campaign, condition)
    recipients = await leads.audience_rows(
        tx,
        workspace_id=workspace_id,
        audience=campaign.audience,
        channel=Channel(campaign.channel),
        after_id=campaign.frozen_to,
        until_id=until_id,
        limit=limit,
        condition=condition,
    )
    return await intake.accept(
        tx, workspace_id=workspace_id, order_id=campaign.order_id or 0, recipients=recipients
    )
