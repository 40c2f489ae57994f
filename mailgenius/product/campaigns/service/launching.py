"""From draft to launch: what must be true, and the one transaction that starts it."""

from datetime import datetime, timedelta

from mailgenius.channels.contract import Channel
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderContent
from mailgenius.engine.pacing import rotation
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.errors import CampaignNotInState, CampaignNotReady, StillExcluding
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.campaigns.service import warming
from mailgenius.product.campaigns.service.choosing import kept_segments, present_condition
from mailgenius.product.campaigns.service.excluding import still_excluding
from mailgenius.product.campaigns.service.noting import note
from mailgenius.product.leads import service as leads
from mailgenius.product.preferences import service as preferences
from mailgenius.product.segments.errors import SegmentBroken
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Finding, launch_error

CAMPAIGN_PRIORITY = 10
ANY_LEAD = 2**63 - 1
LOOK_AGAIN = timedelta(seconds=5)


async def checks(tx: Tx, *, workspace_id: int, campaign_id: int) -> list[Finding]:
    """Name what stops a launch (errors) and what is worth a look (warnings). Wants a trusted transaction."""
    campaign = await queries.get_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    return await _findings(tx, workspace_id=workspace_id, campaign=campaign)


async def launch(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    """Launch a draft: at once, or at its time when that lies ahead. Wants a trusted transaction.

    Many may call this in the same second: the row lock lets one through, the others see its new state.

    Raises:
        CampaignNotInState: it was launched already.
        StillExcluding: leads are being taken out of its audience.
        CampaignNotReady: something is missing; the problems name it.
    """
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state not in {CampaignState.DRAFT, CampaignState.SCHEDULED}:
        raise CampaignNotInState(state=campaign.state)
    if await still_excluding(tx, workspace_id=workspace_id, campaign=campaign):
        raise StillExcluding
    errors = templates.errors_of(await _findings(tx, workspace_id=workspace_id, campaign=campaign))
    if errors:
        raise CampaignNotReady(problems=errors)
    due = campaign.scheduled_at
    if campaign.state is CampaignState.DRAFT and due is not None and due > clock.now():
        return await _schedule(tx, workspace_id=workspace_id, campaign=campaign, due=due)
    return await _start(tx, workspace_id=workspace_id, campaign=campaign)


async def launch_scheduled(tx: Tx, *, workspace_id: int, campaign_id: int, scheduled_at: datetime) -> None:
    """Launch a campaign whose time has come. Does nothing when it was changed, launched or called off."""
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.SCHEDULED or campaign.scheduled_at != scheduled_at:
        return
    try:
        await launch(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    except StillExcluding:
        await _enqueue_launch(tx, workspace_id, campaign_id, due=scheduled_at, at=clock.now() + LOOK_AGAIN)
    except CampaignNotReady as error:
        # Back to the author, with the reason: nobody is there to read an exception.
        reason = " ".join(problem.message for problem in error.problems)
        await queries.set_state(
            tx, workspace_id=workspace_id, campaign_id=campaign_id, state=CampaignState.DRAFT, error=reason
        )
        await note(tx, "campaign.not_launched", campaign, workspace_id=workspace_id, reason=reason)


async def unschedule(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    """Turn a scheduled campaign back into a draft."""
    campaign = await queries.lock_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.SCHEDULED:
        raise CampaignNotInState(state=campaign.state)
    await note(tx, "campaign.unscheduled", campaign, workspace_id=workspace_id)
    return await queries.set_state(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, state=CampaignState.DRAFT
    )


async def _schedule(tx: Tx, *, workspace_id: int, campaign: Campaign, due: datetime) -> Campaign:
    await _enqueue_launch(tx, workspace_id, campaign.id, due=due, at=due)
    await note(tx, "campaign.scheduled", campaign, workspace_id=workspace_id, due=due)
    return await queries.set_state(
        tx, workspace_id=workspace_id, campaign_id=campaign.id, state=CampaignState.SCHEDULED
    )


async def _enqueue_launch(
    tx: Tx, workspace_id: int, campaign_id: int, *, due: datetime, at: datetime
) -> None:
    await tx.enqueue(
        "campaigns.launch_scheduled",
        at=at,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        scheduled_at=due.isoformat(),
    )


async def _start(tx: Tx, *, workspace_id: int, campaign: Campaign) -> Campaign:
    order_id = await intake.open_order(
        tx,
        workspace_id=workspace_id,
        source="campaign",
        source_id=campaign.id,
        channel=Channel(campaign.channel),
        priority=CAMPAIGN_PRIORITY,
        connection_id=campaign.connection_id,
        per_minute=campaign.per_minute,
        per_hour=campaign.per_hour,
        content=await content_of(tx, workspace_id=workspace_id, campaign=campaign),
    )
    started = await queries.start_freezing(
        tx,
        workspace_id=workspace_id,
        campaign_id=campaign.id,
        order_id=order_id,
        frozen_until=await leads.max_lead_id(tx, workspace_id=workspace_id),
        frozen_segments=await kept_segments(tx, workspace_id=workspace_id, audience=campaign.audience),
    )
    await warming.begin_passes(tx, workspace_id=workspace_id, campaign=campaign)
    await enqueue_freeze(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    await note(tx, "campaign.launched", campaign, workspace_id=workspace_id)
    return started


async def enqueue_freeze(tx: Tx, *, workspace_id: int, campaign_id: int) -> None:
    """Write the job that writes the audience down."""
    await tx.enqueue(
        "campaigns.freeze",
        lock=f"campaign:{workspace_id}:{campaign_id}",
        workspace_id=workspace_id,
        campaign_id=campaign_id,
    )


async def content_of(tx: Tx, *, workspace_id: int, campaign: Campaign) -> OrderContent:
    """Freeze what the engine needs to make the messages: later edits of the template change nothing."""
    template = await templates.get(tx, workspace_id=workspace_id, template_id=campaign.template_id)
    compiled = await templates.compiled(template)
    return OrderContent(
        sender_email=campaign.sender_email,
        sender_name=campaign.sender_name,
        reply_to=campaign.reply_to,
        subject=compiled.subject,
        preheader=compiled.preheader,
        html=compiled.html,
        text=compiled.text,
        campaign_name=campaign.name,
        about=campaign.topic_id,
    )


async def _findings(tx: Tx, *, workspace_id: int, campaign: Campaign) -> list[Finding]:
    template = await templates.get(tx, workspace_id=workspace_id, template_id=campaign.template_id)
    fields = await leads.fields(tx, workspace_id=workspace_id)
    findings = await templates.check(template, custom_fields={field.key for field in fields})
    try:
        condition = await present_condition(
            tx, workspace_id=workspace_id, audience=campaign.audience, topic_id=campaign.topic_id
        )
    except SegmentBroken as error:
        return [*findings, *(launch_error("audience", problem.message) for problem in error.problems)]
    # Whether there is anybody is cheap to know; how many there are is not, for ten million leads.
    somebody = await leads.audience_chunk(
        tx,
        workspace_id=workspace_id,
        audience=campaign.audience,
        channel=Channel(campaign.channel),
        after_id=0,
        until_id=ANY_LEAD,
        limit=1,
        condition=condition,
    )
    if campaign.topic_id is not None:
        topic = await preferences.get_topic(tx, workspace_id=workspace_id, topic_id=campaign.topic_id)
        if topic.archived_at is not None:
            findings.append(launch_error("topic_id", "The topic of this campaign is archived."))
    if not somebody:
        findings.append(launch_error("audience", "Nobody is in this audience."))
    if campaign.connection_id is None and not await _any_connection(
        tx, workspace_id=workspace_id, campaign=campaign
    ):
        findings.append(
            launch_error(
                "connection_id", "There is no connection that messages from this sender may leave through."
            )
        )
    return findings


async def _any_connection(tx: Tx, *, workspace_id: int, campaign: Campaign) -> bool:
    domain = campaign.sender_email.rpartition("@")[2].lower()
    found = await rotation.candidates(tx, workspace_id=workspace_id, channel=campaign.channel)
    return bool(rotation.meant_for(found, domain))
