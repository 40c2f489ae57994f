"""Campaigns by JSON: write, read, change, delete. Launching and what follows is in deliveries.py."""

from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody, QueryParameter

from mailgenius.api.access import needs
from mailgenius.api.bodies import CampaignId, Cursor, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.campaign_shapes import (
    CampaignAnswer,
    CampaignBody,
    CampaignChanges,
    CampaignPage,
    CampaignSummary,
    campaign_answer,
    campaign_summary,
    named_as_sent,
)
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.analytics import service as analytics
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.workspaces.model import Permission


@post("/campaigns", opt=needs(Permission.CAMPAIGNS_WRITE), summary="Write a campaign down as a draft")
async def create_campaign(call: Caller, data: JSONBody[CampaignBody]) -> Response[CampaignSummary]:
    async def work(tx: Tx) -> Done:
        with named_as_sent():
            made = await campaigns.create(
                tx,
                workspace_id=call.workspace_id,
                campaign=data.as_input(),
                created_by=call.actor.user_id,
            )
        return Done(body=campaign_summary(made))

    return await call.once(work)


@get(
    "/campaigns",
    opt=needs(Permission.CAMPAIGNS_READ),
    summary="List campaigns",
    description="Newest first, without their results.",
)
async def list_campaigns(
    call: Caller,
    *,
    search: Annotated[str, QueryParameter(max_length=200, description="A part of the name.")] = "",
    in_state: Annotated[CampaignState | None, QueryParameter(name="state")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> CampaignPage:
    async with call.tenant() as tx:
        page = await campaigns.list_campaigns(
            tx,
            workspace_id=call.workspace_id,
            state=in_state,
            search=search,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return CampaignPage(items=[campaign_summary(item) for item in page.items], next_cursor=page.next_cursor)


@get(
    "/campaigns/{campaign_id:int}",
    opt=needs(Permission.CAMPAIGNS_READ),
    summary="Read a campaign and its results",
)
async def get_campaign(call: Caller, campaign_id: CampaignId) -> CampaignAnswer:
    async with call.tenant() as tx:
        campaign = await campaigns.get(tx, workspace_id=call.workspace_id, campaign_id=campaign_id)
        results = None
        if campaign.order_id is not None:
            results = await analytics.campaign_results(
                tx, workspace_id=call.workspace_id, order_id=campaign.order_id
            )
    return campaign_answer(campaign, results)


@patch("/campaigns/{campaign_id:int}", opt=needs(Permission.CAMPAIGNS_WRITE), summary="Change a draft")
async def change_campaign(
    call: Caller, campaign_id: CampaignId, data: JSONBody[CampaignChanges]
) -> CampaignSummary:
    async with call.tenant() as tx:
        before = await campaigns.get(tx, workspace_id=call.workspace_id, campaign_id=campaign_id)
        with named_as_sent():
            changed = await campaigns.update(
                tx,
                workspace_id=call.workspace_id,
                campaign_id=campaign_id,
                campaign=data.applied_to(before.as_input()),
            )
    return campaign_summary(changed)


@delete(
    "/campaigns/{campaign_id:int}",
    opt=needs(Permission.CAMPAIGNS_WRITE),
    summary="Delete a draft",
    description="A launched campaign stays: its messages are part of the record.",
)
async def delete_campaign(call: Caller, campaign_id: CampaignId) -> None:
    async with call.tenant() as tx:
        await campaigns.delete(tx, workspace_id=call.workspace_id, campaign_id=campaign_id)


router = Router(
    "",
    route_handlers=[create_campaign, list_campaigns, get_campaign, change_campaign, delete_campaign],
    tags=["Campaigns"],
)
