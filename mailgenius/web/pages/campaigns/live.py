"""The live report: the parts that change, sent while somebody looks."""

from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n, streams
from mailgenius.web.pages.campaigns.listing import PATH
from mailgenius.web.pages.campaigns.reporting import report_values
from mailgenius.web.templating import render
from mailgenius.web.visits import CurrentVisit, Visit, needs


@get(f"{PATH}/{{campaign_id:int}}/events", opt=needs(Permission.CAMPAIGNS_READ))
async def campaign_events(visit: CurrentVisit, campaign_id: FromPath[int]) -> Stream:
    async with visit.tenant() as tx:
        await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    # The page says what it shows, so that a change before this stream began is told too.
    return streams.live(lambda: look(visit, campaign_id), state=visit.asked("state"))


async def look(visit: Visit, campaign_id: int) -> streams.Shown:
    """The report as it stands. It is never finished: opens and clicks go on for months."""
    async with visit.tenant() as tx:
        campaign = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
        values = await report_values(tx, visit, campaign)
    # The stream outlives the handler, and with it the language that the middleware had set.
    with i18n.use_locale(visit.page.locale):
        html = render("campaigns/_live.html", page=visit.page, may=visit.may, **values)
    return streams.Shown(html=html, finished=False, state=campaign.state.value)


HANDLERS: Final = (campaign_events,)
