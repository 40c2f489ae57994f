"""Leaving leads out of a campaign that is not launched yet, by a tag that its audience excludes."""

from dataclasses import replace

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.errors import CampaignNotInState
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import OPEN, BulkAct, LeadAct, Wanted
from mailgenius.product.leads.model import Audience


def exclusion_tag(campaign_id: int) -> str:
    """Return the tag of the leads that a campaign leaves out. It is stored: it never changes."""
    return f"not-in-campaign-{campaign_id}"


async def exclude_leads(
    tx: Tx, *, workspace_id: int, campaign_id: int, wanted: Wanted, created_by: int | None = None
) -> BulkAct:
    """Leave the leads that match now out of a draft or a scheduled campaign. Wants a trusted transaction.

    They are tagged in the background; until that is done the campaign is not launched. Undoing the act lets
    exactly these leads in again.

    Raises:
        CampaignNotFound: this workspace has no such campaign.
        CampaignNotInState: it was launched, so its audience is settled.
    """
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
        raise CampaignNotInState(state=campaign.state)
    tag = exclusion_tag(campaign_id)
    if tag not in campaign.audience.tags.none:
        await queries.set_audience(
            tx, workspace_id=workspace_id, campaign_id=campaign_id, audience=_without(campaign, tag)
        )
    return await leads.start_bulk(
        tx,
        workspace_id=workspace_id,
        act=LeadAct.ADD_TAGS,
        wanted=wanted,
        tags=[tag],
        created_by=created_by,
    )


async def still_excluding(tx: Tx, *, workspace_id: int, campaign: Campaign) -> bool:
    """Say whether leads are being taken out of a campaign's audience, or let in again, at this moment."""
    tag = exclusion_tag(campaign.id)
    acts = await leads.open_bulk_acts(tx, workspace_id=workspace_id)
    return any(tag in act.tags and act.state in OPEN for act in acts)


def _without(campaign: Campaign, tag: str) -> Audience:
    tags = campaign.audience.tags
    return replace(campaign.audience, tags=replace(tags, none=(*tags.none, tag)))
