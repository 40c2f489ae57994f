"""Pause, resume, cancel, finish. Each takes effect when its transaction commits."""

from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderState
from mailgenius.engine.pacing import health
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.errors import CampaignNotInState
from mailgenius.product.campaigns.model import TRANSITIONS, Campaign, CampaignState
from mailgenius.product.campaigns.service.launching import enqueue_freeze
from mailgenius.product.campaigns.service.noting import note


async def pause(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    """Stop sending until it is resumed. Messages already handed to the provider cannot be called back."""
    campaign = await _locked(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, target=CampaignState.PAUSED
    )
    if campaign.order_id is not None:
        await intake.hold(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    await note(tx, "campaign.paused", campaign, workspace_id=workspace_id)
    return await queries.set_state(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, state=CampaignState.PAUSED
    )


async def resume(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    """Go on where a paused campaign stopped, freezing included.

    What had bounced before is forgiven: only what happens from now on may stop it again.
    """
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.PAUSED:
        raise CampaignNotInState(state=campaign.state)
    if campaign.order_id is not None:
        await health.begin_anew(tx, workspace_id=workspace_id, order_id=campaign.order_id)
        await intake.release(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    await queries.forget_halt(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.frozen_at is None:
        await enqueue_freeze(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    await note(tx, "campaign.resumed", campaign, workspace_id=workspace_id)
    return await queries.set_state(
        tx,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        state=CampaignState.SENDING if campaign.frozen_at else CampaignState.FREEZING,
    )


async def halted(tx: Tx, *, workspace_id: int, order_id: int, reason: str, count: int, sent: int) -> None:
    """Note that the engine stopped a campaign by itself. A run that comes twice or late changes nothing."""
    campaign = await queries.campaign_of_order(tx, workspace_id=workspace_id, order_id=order_id)
    if campaign is None or CampaignState.PAUSED not in TRANSITIONS[campaign.state]:
        return
    # Somebody may have let it go on before we heard: then its order sends, and there is nothing to note.
    if await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) is not OrderState.HELD:
        return
    await queries.halt(
        tx, workspace_id=workspace_id, campaign_id=campaign.id, reason=reason, count=count, sent=sent
    )
    told = {"reason": reason, "count": count, "sent": sent}
    await note(tx, "campaign.paused", campaign, workspace_id=workspace_id, **told)


async def cancel(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    """Stop for good. What has not left stays unsent and is listed as cancelled."""
    campaign = await _locked(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, target=CampaignState.CANCELLED
    )
    if campaign.order_id is not None:
        await intake.cancel(tx, workspace_id=workspace_id, order_id=campaign.order_id)
    await note(tx, "campaign.cancelled", campaign, workspace_id=workspace_id)
    return await queries.set_state(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, state=CampaignState.CANCELLED
    )


async def finish(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    """Mark the campaign of a drained order finished. A second run changes nothing."""
    campaign = await queries.campaign_of_order(tx, workspace_id=workspace_id, order_id=order_id)
    if campaign is None or CampaignState.FINISHED not in TRANSITIONS[campaign.state]:
        return
    await queries.set_state(
        tx, workspace_id=workspace_id, campaign_id=campaign.id, state=CampaignState.FINISHED
    )
    await note(tx, "campaign.finished", campaign, workspace_id=workspace_id)


async def _locked(tx: Tx, *, workspace_id: int, campaign_id: int, target: CampaignState) -> Campaign:
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if target not in TRANSITIONS[campaign.state]:
        raise CampaignNotInState(state=campaign.state)
    return campaign
