"""The current workspace, and the list of one's workspaces."""

import asyncio
from typing import Final

from litestar import get, post

from mailgenius.kit.errors import MailGeniusError
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import WorkspaceNameTaken
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.failures import NO_WORKSPACE_PATH
from mailgenius.web.forms.reading import FORM, FormReader, errors_of
from mailgenius.web.forms.settings import WORKSPACE_FIELDS, WorkspaceForm, timezone_options
from mailgenius.web.i18n import LOCALE_NAMES, _
from mailgenius.web.pages.auth import WELCOME_PATH
from mailgenius.web.templating import Flash
from mailgenius.web.visits import MEMBER, SIGNED_IN, CurrentVisit, OnlyInstallationOwner, Page, Visit, needs

SETTINGS_PATH: Final = "/settings"
WORKSPACES_PATH: Final = "/settings/workspaces"


@get(SETTINGS_PATH, opt=MEMBER)
async def workspace_page(visit: CurrentVisit) -> Page:
    """The workspace's settings; who may not change them goes to what they may: their profile."""
    if not visit.may(Permission.WORKSPACE_MANAGE):
        return visit.redirect("/settings/profile")
    return await _workspace_form(visit, WorkspaceForm.of(visit.here))


@post(SETTINGS_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def save_workspace(visit: CurrentVisit) -> Page:
    form = WorkspaceForm.read(await visit.request.form())
    errors = form.errors or await update(visit, form)
    if errors:
        return await _workspace_form(visit, form, errors)
    return visit.redirect(SETTINGS_PATH, Flash("success", _("Workspace saved.")))


async def update(visit: Visit, form: WorkspaceForm) -> dict[str, str]:
    """Write a form without errors into the current workspace, and return what was refused, by field."""
    try:
        async with visit.tenant() as tx:
            await workspaces.update_workspace(
                tx,
                workspace_id=visit.workspace_id,
                name=form.name,
                timezone=form.timezone,
                locale=form.locale,
                sender_name=form.sender_name,
                sender_email=form.sender_email,
            )
    except MailGeniusError as error:
        return _name_or_fields(error)
    return {}


@get(WORKSPACES_PATH, opt=MEMBER)
async def workspaces_page(visit: CurrentVisit) -> Page:
    return await _workspaces(visit, name="", errors={})


@post("/workspaces", opt=SIGNED_IN)
async def create_workspace(visit: CurrentVisit) -> Page:
    """Create a workspace and go there. For the owner of the installation only."""
    if not visit.user.installation_owner:
        raise OnlyInstallationOwner
    form = FormReader(await visit.request.form())
    name = form.text("name", limit=100, required=True)
    errors = form.errors
    if not errors:
        try:
            async with visit.trusted() as tx:
                made = await workspaces.create_workspace(
                    tx,
                    name=name,
                    owner_user_id=visit.user.id,
                    timezone=visit.workspace.timezone if visit.workspace else "America/Sao_Paulo",
                    locale=visit.page.locale,
                )
                await workspaces.switch_workspace(tx, token=visit.token, workspace_id=made.id)
        except MailGeniusError as error:
            errors = _name_or_fields(error)
    if not errors:
        return visit.redirect(WELCOME_PATH, Flash("success", _("Workspace %(name)s created.", name=name)))
    if visit.workspace is None:
        return visit.redirect(NO_WORKSPACE_PATH, Flash("danger", next(iter(errors.values()))))
    return await _workspaces(visit, name=name, errors=errors)


def _name_or_fields(error: MailGeniusError) -> dict[str, str]:
    """What was refused, beside the fields; a name that is taken is the name's problem."""
    default = "name" if isinstance(error, WorkspaceNameTaken) else FORM
    return errors_of(error, fields=WORKSPACE_FIELDS, default=default)


async def _workspace_form(visit: Visit, form: WorkspaceForm, errors: dict[str, str] | None = None) -> Page:
    return visit.html(
        "settings/workspace.html",
        code=422 if errors else 200,
        form=form,
        errors=errors or {},
        timezones=await asyncio.to_thread(timezone_options, visit.page.locale),
        locales=list(LOCALE_NAMES.items()),
    )


async def _workspaces(visit: Visit, *, name: str, errors: dict[str, str]) -> Page:
    async with visit.trusted() as tx:
        mine = await workspaces.list_workspaces(tx, user_id=visit.user.id)
    return visit.html(
        "settings/workspaces.html",
        code=422 if errors else 200,
        workspaces=mine,
        here=visit.workspace_id,
        may_create=visit.user.installation_owner,
        new_name=name,
        errors=errors,
    )


HANDLERS: Final = (workspace_page, save_workspace, workspaces_page, create_workspace)
