"""Campaigns on their way: check, launch, pause, resume, cancel, and what happened to each message."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.params import QueryParameter

from mailgenius.api.access import needs
from mailgenius.api.bodies import CampaignId, Cursor, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.campaign_shapes import (
    CampaignSummary,
    MessagePage,
    campaign_summary,
    message_answer,
)
from mailgenius.api.check_shapes import CheckAnswer, FindingAnswer
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign
from mailgenius.product.templates.model import Severity
from mailgenius.product.workspaces.model import Permission

Step = Callable[..., Awaitable[Campaign]]


@get(
    "/campaigns/{campaign_id:int}/checks",
    opt=needs(Permission.CAMPAIGNS_READ),
    summary="Say what stands between a campaign and its launch",
)
async def check_campaign(call: Caller, campaign_id: CampaignId) -> CheckAnswer:
    async with call.trusted() as tx:
        findings = await campaigns.checks(tx, workspace_id=call.workspace_id, campaign_id=campaign_id)
    return CheckAnswer(
        ready=all(finding.severity is not Severity.ERROR for finding in findings),
        findings=[
            FindingAnswer(severity=finding.severity, field=finding.field, message=finding.text)
            for finding in findings
        ],
    )


@post(
    "/campaigns/{campaign_id:int}/launch",
    status_code=200,
    opt=needs(Permission.CAMPAIGNS_SEND),
    summary="Launch a campaign",
    description="At once, or at its `scheduled_at`. Once launched, its content and audience do not change.",
)
async def launch_campaign(call: Caller, campaign_id: CampaignId) -> Response[CampaignSummary]:
    return await _take(call, campaign_id, campaigns.launch)


@post(
    "/campaigns/{campaign_id:int}/pause",
    status_code=200,
    opt=needs(Permission.CAMPAIGNS_SEND),
    summary="Pause a campaign",
    description="Nothing leaves until it is resumed. What the provider has cannot be called back.",
)
async def pause_campaign(call: Caller, campaign_id: CampaignId) -> Response[CampaignSummary]:
    return await _take(call, campaign_id, campaigns.pause)


@post(
    "/campaigns/{campaign_id:int}/resume",
    status_code=200,
    opt=needs(Permission.CAMPAIGNS_SEND),
    summary="Resume a paused campaign",
)
async def resume_campaign(call: Caller, campaign_id: CampaignId) -> Response[CampaignSummary]:
    return await _take(call, campaign_id, campaigns.resume)


@post(
    "/campaigns/{campaign_id:int}/cancel",
    status_code=200,
    opt=needs(Permission.CAMPAIGNS_SEND),
    summary="Cancel a campaign for good",
    description="What has not left stays unsent and is listed as cancelled.",
)
async def cancel_campaign(call: Caller, campaign_id: CampaignId) -> Response[CampaignSummary]:
    return await _take(call, campaign_id, campaigns.cancel)


@get(
    "/campaigns/{campaign_id:int}/messages",
    opt=needs(Permission.CAMPAIGNS_READ),
    summary="List the messages of a campaign",
    description="In the order they were written down.",
)
async def list_messages(
    call: Caller,
    campaign_id: CampaignId,
    *,
    in_state: Annotated[MessageState | None, QueryParameter(name="state")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> MessagePage:
    async with call.tenant() as tx:
        page = await campaigns.messages(
            tx,
            workspace_id=call.workspace_id,
            campaign_id=campaign_id,
            state=in_state,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return MessagePage(items=[message_answer(item) for item in page.items], next_cursor=page.next_cursor)


async def _take(call: Caller, campaign_id: int, step: Step) -> Response[Any]:
    """Move a campaign one step. Trusted, because a launch looks at its audience by tags."""

    async def work(tx: Tx) -> Done:
        campaign = await step(tx, workspace_id=call.workspace_id, campaign_id=campaign_id)
        return Done(body=campaign_summary(campaign), status=200)

    return await call.once(work, trusted=True)


router = Router(
    "",
    route_handlers=[
        check_campaign,
        launch_campaign,
        pause_campaign,
        resume_campaign,
        cancel_campaign,
        list_messages,
    ],
    tags=["Campaigns"],
)
