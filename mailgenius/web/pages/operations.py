"""How the sending goes now: of the installation for its owner, of a workspace for who manages it."""

from typing import Any, Final

from litestar import Router, get
from litestar.response import Stream

from mailgenius.ops import operations
from mailgenius.ops.model import EngineState
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n, streams
from mailgenius.web.i18n import N_, _, pgettext
from mailgenius.web.templating import render
from mailgenius.web.visits import MEMBER, CurrentVisit, Page, Visit

PATH: Final = "/operations"
EVERY_S: Final = 5.0
CAMPAIGN_PRIORITY: Final = 10
SLOW_S: Final = 60.0
"""A batch that has waited so long deserves a look."""
ENGINE_STATES: Final = {
    EngineState.WORKING: (N_("Working"), "success"),
    EngineState.IDLE: (N_("Idle"), "neutral"),
    EngineState.STOPPING: (N_("Stopping"), "warning"),
}
WAITS_FOR: Final = {
    "retry": N_("Another attempt"),
    "pace": N_("Its turn under a limit"),
    "asked": N_("The provider asked us to wait"),
    "warm_up": N_("The warm-up: tomorrow's messages"),
    "quiet_hours": N_("The end of the quiet hours"),
    "frequency_cap": N_("The cap on messages to one lead"),
    "scheduled": N_("Its time"),
}


@get(PATH, opt=MEMBER)
async def operations_page(visit: CurrentVisit) -> Page:
    return visit.html("operations/index.html", **await _values(visit))


@get(f"{PATH}/events", opt=MEMBER)
async def operations_events(visit: CurrentVisit) -> Stream:
    _check(visit)
    return streams.live(lambda: _look(visit), every=EVERY_S)


async def _look(visit: Visit) -> streams.Shown:
    """The figures as they are. They are never finished."""
    # The stream outlives the handler, and with it the language that the middleware had set.
    with i18n.use_locale(visit.page.locale):
        values = await _values(visit)
        html = render("operations/_live.html", page=visit.page, may=visit.may, **values)
    return streams.Shown(html=html, finished=False)


async def _values(visit: Visit) -> dict[str, Any]:
    _check(visit)
    whole = visit.user.installation_owner
    async with visit.trusted() as tx:
        sending = await operations.sending(tx, workspace_id=None if whole else visit.workspace_id)
        house = await operations.house(tx) if whole else None
    return {
        "sending": sending,
        "house": house,
        "priority_text": _priority_text,
        "state_of": _state_of,
        "slow": SLOW_S,
        "waits_for": WAITS_FOR,
    }


def _check(visit: Visit) -> None:
    """Let the owner of the installation in, and who manages the workspace.

    Raises:
        NotAllowed: the visitor is neither.
    """
    if not visit.user.installation_owner:
        visit.actor.require(Permission.WORKSPACE_MANAGE)


def _priority_text(priority: int) -> str:
    if priority == CAMPAIGN_PRIORITY:
        return pgettext("priority", "Campaigns")
    if priority < CAMPAIGN_PRIORITY:
        return pgettext("priority", "Transactional")
    return pgettext("priority", "Later than campaigns")


def _state_of(state: EngineState) -> tuple[str, str]:
    """The word and the colour of what an engine does."""
    text, kind = ENGINE_STATES[state]
    return _(text), kind


router = Router(path="", route_handlers=[operations_page, operations_events])
