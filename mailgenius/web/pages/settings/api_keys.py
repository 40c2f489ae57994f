"""Keys for programs: made, shown once, revoked."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.settings import API_KEY_FIELDS, ApiKeyForm
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

API_KEYS_PATH: Final = "/settings/api-keys"

PERMISSION_TEXTS: Final = {
    Permission.LEADS_READ: N_("Read leads"),
    Permission.LEADS_WRITE: N_("Change and import leads"),
    Permission.TEMPLATES_READ: N_("Read templates"),
    Permission.TEMPLATES_WRITE: N_("Change templates"),
    Permission.CAMPAIGNS_READ: N_("Read campaigns and results"),
    Permission.CAMPAIGNS_WRITE: N_("Change campaigns"),
    Permission.CAMPAIGNS_SEND: N_("Launch, pause and cancel campaigns"),
    Permission.MESSAGES_READ: N_("Read messages and dead letters"),
    Permission.MESSAGES_SEND: N_("Send, cancel and replay messages"),
    Permission.MESSAGES_REPORT: N_("Report deliveries, bounces, complaints and replies"),
    Permission.CONNECTIONS_READ: N_("Read connections"),
    Permission.CONNECTIONS_WRITE: N_("Change connections"),
    Permission.WORKSPACE_MANAGE: N_("Manage the workspace"),
}


@get(API_KEYS_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def api_keys_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        keys = await workspaces.list_api_keys(tx, workspace_id=visit.workspace_id)
    return visit.html(
        "settings/api_keys.html",
        keys=keys,
        new_key=visit.revealed.get("api_key", ""),
        base_url=visit.services.settings.base_url,
        form=ApiKeyForm(),
        errors={},
        permissions=_permissions(),
    )


@get(f"{API_KEYS_PATH}/new", opt=needs(Permission.WORKSPACE_MANAGE))
async def new_api_key_page(visit: CurrentVisit) -> Page:
    """The form of the dialog as a page of its own, for browsers without scripts."""
    return _form(visit, ApiKeyForm(), {})


@post(API_KEYS_PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def create_api_key(visit: CurrentVisit) -> Page:
    form = ApiKeyForm.read(await visit.request.form())
    if form.errors:
        return _form(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await workspaces.create_api_key(
                tx,
                workspace_id=visit.workspace_id,
                name=form.name,
                scopes=form.scopes,
                created_by=visit.user.id,
            )
    except Invalid as error:
        return _form(visit, form, errors_of(error, fields=API_KEY_FIELDS))
    return visit.redirect(API_KEYS_PATH, reveal={"api_key": made.key})


@post(f"{API_KEYS_PATH}/{{api_key_id:int}}/revoke", opt=needs(Permission.WORKSPACE_MANAGE))
async def revoke_api_key(visit: CurrentVisit, api_key_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        key = await workspaces.revoke_api_key(tx, workspace_id=visit.workspace_id, api_key_id=api_key_id)
    return visit.redirect(API_KEYS_PATH, Flash("success", _("The key %(name)s was revoked.", name=key.name)))


def _form(visit: Visit, form: ApiKeyForm, errors: dict[str, str]) -> Page:
    code = 422 if errors else 200
    values = {"form": form, "errors": errors, "permissions": _permissions()}
    if visit.page.is_htmx:
        return visit.block("settings/api_key_new.html", "form", code=code, **values)
    return visit.html("settings/api_key_new.html", code=code, **values)


def _permissions() -> list[tuple[str, str]]:
    return [(permission.value, _(text)) for permission, text in PERMISSION_TEXTS.items()]


HANDLERS: Final = (api_keys_page, new_api_key_page, create_api_key, revoke_api_key)
