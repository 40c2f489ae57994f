"""The first steps of a workspace: a short list that knows by itself what is done."""

import asyncio
from dataclasses import dataclass
from typing import Final

from litestar import Router, get, post

from mailgenius.engine.connections import service as connections
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.templates import service as templates
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.settings import WorkspaceForm, timezone_options
from mailgenius.web.i18n import LOCALE_NAMES, _
from mailgenius.web.pages.auth import WELCOME_PATH
from mailgenius.web.pages.settings import workspace
from mailgenius.web.templating import Flash
from mailgenius.web.visits import MEMBER, CurrentVisit, Page, Visit, needs

NAMING_PATH: Final = "/welcome/workspace"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do before the first campaign can leave."""

    title: str
    text: str
    href: str
    label: str
    icon: str
    permission: Permission
    done: bool


async def steps_of(tx: Tx, visit: Visit) -> list[Step]:
    """The steps of the current workspace. Wants a tenant's transaction."""
    here = visit.workspace_id
    usable = await connections.list_connections(tx, workspace_id=here)
    counts = await leads.counts(tx, workspace_id=here)
    written = await templates.list_templates(tx, workspace_id=here, limit=1)
    recent = await campaigns.list_campaigns(tx, workspace_id=here, limit=20)
    launched = any(each.state is not CampaignState.DRAFT for each in recent.items)
    return [
        Step(
            title=_("Name your workspace and sender"),
            text=_("Who your messages come from, and your time zone."),
            href=NAMING_PATH,
            label=_("Set up"),
            icon="at",
            permission=Permission.WORKSPACE_MANAGE,
            done=bool(visit.here.sender_email),
        ),
        Step(
            title=_("Add a connection"),
            text=_("The mail server that sends for you. The sandbox lets you try everything safely."),
            href="/connections/new",
            label=_("Connect"),
            icon="plug-connected",
            permission=Permission.CONNECTIONS_WRITE,
            done=bool(usable),
        ),
        Step(
            title=_("Import your leads"),
            text=_("From a CSV or Excel file; you say what the columns are."),
            href="/imports/new",
            label=_("Import"),
            icon="users",
            permission=Permission.LEADS_WRITE,
            done=sum(counts.values()) > 0,
        ),
        Step(
            title=_("Write a template"),
            text=_("With a live preview as each lead would see it."),
            href="/templates/new",
            label=_("Write"),
            icon="template",
            permission=Permission.TEMPLATES_WRITE,
            done=bool(written.items),
        ),
        Step(
            title=_("Launch a campaign"),
            text=_("Choose who gets it, check it, and watch it arrive."),
            href="/campaigns/new",
            label=_("Create"),
            icon="rocket",
            permission=Permission.CAMPAIGNS_SEND,
            done=launched,
        ),
    ]


@get(WELCOME_PATH, opt=MEMBER)
async def welcome_page(visit: CurrentVisit) -> Page:
    """The list, met after the first sign-in. Later it stands on the dashboard until all is done."""
    async with visit.tenant() as tx:
        steps = await steps_of(tx, visit)
    return visit.html("onboarding/welcome.html", steps=steps, current=current_step(visit, steps))


@get(NAMING_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def naming_page(visit: CurrentVisit) -> Page:
    return await _naming(visit, WorkspaceForm.of(visit.here), {})


@post(NAMING_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def save_naming(visit: CurrentVisit) -> Page:
    form = WorkspaceForm.read(await visit.request.form())
    errors = dict(form.errors)
    if not form.sender_email:
        errors.setdefault("sender_email", _("Fill this in."))
    errors = errors or await workspace.update(visit, form)
    if errors:
        return await _naming(visit, form, errors)
    return visit.redirect(WELCOME_PATH, Flash("success", _("Workspace saved.")))


def current_step(visit: Visit, steps: list[Step]) -> Step | None:
    """The first step that is open and that this person may take."""
    return next((step for step in steps if not step.done and visit.may(step.permission)), None)


async def _naming(visit: Visit, form: WorkspaceForm, errors: dict[str, str]) -> Page:
    return visit.html(
        "onboarding/naming.html",
        code=422 if errors else 200,
        form=form,
        errors=errors,
        timezones=await asyncio.to_thread(timezone_options, visit.page.locale),
        locales=list(LOCALE_NAMES.items()),
    )


router = Router("/", route_handlers=[welcome_page, naming_page, save_naming])
