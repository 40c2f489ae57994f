"""The live report: server-sent events with the parts that change, until the campaign stands still."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from mailgenius.kit.db.errors import DatabaseUnavailable
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n
from mailgenius.web.pages.campaigns.listing import PATH
from mailgenius.web.pages.campaigns.reporting import report_values
from mailgenius.web.templating import render
from mailgenius.web.visits import CurrentVisit, Visit, needs

INTERVAL_S: Final = 1.0
LONGEST_S: Final = 1800
"""The browser connects again by itself; a session that ended meanwhile is then turned away."""
QUIET_AFTER: Final = 60
"""Rounds without change after which a report of a campaign at rest is left alone."""


@get(f"{PATH}/{{campaign_id:int}}/events", opt=needs(Permission.CAMPAIGNS_READ))
async def campaign_events(visit: CurrentVisit, campaign_id: FromPath[int]) -> ServerSentEvent:
    async with visit.tenant() as tx:
        await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    # The page says what it shows: what changed before this stream began is told first.
    return ServerSentEvent(_events(visit, campaign_id, shown=visit.asked("state")))


async def _events(visit: Visit, campaign_id: int, *, shown: str) -> AsyncIterator[ServerSentEventMessage]:
    """Send the changed parts about once a second. `done` tells the browser to stop asking."""
    last = ""
    quiet = 0
    for _round in range(round(LONGEST_S / INTERVAL_S)):
        try:
            now, html, live = await _look(visit, campaign_id)
        except DatabaseUnavailable:
            await asyncio.sleep(INTERVAL_S)
            continue
        if now.value != shown:
            # The buttons of the page depend on the state: the browser loads it again.
            yield ServerSentEventMessage(event="state", data=now.value)
        shown = now.value
        if html != last:
            yield ServerSentEventMessage(event="report", data=html)
            last, quiet = html, 0
        else:
            quiet += 1
            yield ServerSentEventMessage(comment="still here")
        if not live and quiet > QUIET_AFTER:
            yield ServerSentEventMessage(event="done", data="")
            return
        await asyncio.sleep(INTERVAL_S)


async def _look(visit: Visit, campaign_id: int) -> tuple[CampaignState, str, bool]:
    async with visit.tenant() as tx:
        campaign = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
        values = await report_values(tx, visit, campaign)
    with i18n.use_locale(visit.page.locale):
        html = render("campaigns/_live.html", page=visit.page, may=visit.may, **values)
    return campaign.state, html, bool(values["live"])


HANDLERS: Final = (campaign_events,)
