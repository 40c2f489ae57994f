"""The list of campaigns with their results."""

from typing import Any, Final

from litestar import get

from mailgenius.product.analytics import service as analytics
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.visits import CurrentVisit, Page, needs

PATH: Final = "/campaigns"
PAGE_SIZE: Final = 30


@get(PATH, opt=needs(Permission.CAMPAIGNS_READ))
async def campaigns_page(visit: CurrentVisit) -> Page:
    search = visit.asked("search")
    wanted = visit.asked("state")
    state = CampaignState(wanted) if wanted in set(CampaignState) else None
    async with visit.tenant() as tx:
        page = await campaigns.list_campaigns(
            tx,
            workspace_id=visit.workspace_id,
            state=state,
            search=search,
            limit=PAGE_SIZE,
            cursor=visit.asked("cursor"),
        )
        summaries = await analytics.campaign_summaries(
            tx,
            workspace_id=visit.workspace_id,
            order_ids=[each.order_id for each in page.items if each.order_id is not None],
        )
    values: dict[str, Any] = {
        "campaigns": page.items,
        "summaries": summaries,
        "next_cursor": page.next_cursor,
        "search": search,
        "state": state.value if state else "",
        "states": [each.value for each in CampaignState],
    }
    if visit.page.is_htmx:
        return visit.block("campaigns/list.html", "results", **values)
    return visit.html("campaigns/list.html", **values)


HANDLERS: Final = (campaigns_page,)
