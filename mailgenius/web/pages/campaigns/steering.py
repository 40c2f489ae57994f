"""Launch, pause, resume, cancel: one button each."""

from collections.abc import Awaitable
from typing import Final, Protocol

from litestar import post
from litestar.params import FromPath

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.errors import CampaignNotReady
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.i18n import _
from mailgenius.web.pages.campaigns.listing import PATH
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs


class Act(Protocol):
    """What a button does to a campaign."""

    def __call__(self, tx: Tx, *, workspace_id: int, campaign_id: int) -> Awaitable[Campaign]: ...


@post(f"{PATH}/{{campaign_id:int}}/launch", opt=needs(Permission.CAMPAIGNS_SEND))
async def launch(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    try:
        async with visit.trusted() as tx:
            launched = await campaigns.launch(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    except CampaignNotReady:
        # The review names what is missing, beside the button.
        return visit.redirect(
            f"{PATH}/{campaign_id}", Flash("danger", _("The campaign cannot be launched yet."))
        )
    scheduled = launched.state is CampaignState.SCHEDULED
    told = _("The campaign is scheduled.") if scheduled else _("The campaign is on its way.")
    return visit.redirect(f"{PATH}/{campaign_id}", Flash("success", told))


@post(f"{PATH}/{{campaign_id:int}}/unschedule", opt=needs(Permission.CAMPAIGNS_SEND))
async def unschedule(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    return await _act(visit, campaign_id, campaigns.unschedule, _("The campaign is a draft again."))


@post(f"{PATH}/{{campaign_id:int}}/pause", opt=needs(Permission.CAMPAIGNS_SEND))
async def pause(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    return await _act(visit, campaign_id, campaigns.pause, _("The campaign is paused."))


@post(f"{PATH}/{{campaign_id:int}}/resume", opt=needs(Permission.CAMPAIGNS_SEND))
async def resume(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    return await _act(visit, campaign_id, campaigns.resume, _("The campaign goes on."))


@post(f"{PATH}/{{campaign_id:int}}/cancel", opt=needs(Permission.CAMPAIGNS_SEND))
async def cancel(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    return await _act(visit, campaign_id, campaigns.cancel, _("The campaign was cancelled."))


async def _act(visit: Visit, campaign_id: int, act: Act, told: str) -> Page:
    async with visit.tenant() as tx:
        await act(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    return visit.redirect(f"{PATH}/{campaign_id}", Flash("success", told))


HANDLERS: Final = (launch, unschedule, pause, resume, cancel)
