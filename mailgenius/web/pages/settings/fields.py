"""Custom fields of leads: listed, added with a type, edited, archived and brought back."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.fields import FIELD_FIELDS, FieldForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

FIELDS_PATH: Final = "/settings/fields"

TYPE_NAMES: Final = {
    FieldType.TEXT: N_("Text"),
    FieldType.NUMBER: N_("Number"),
    FieldType.DATE: N_("Date"),
    FieldType.DATETIME: N_("Date and time"),
    FieldType.BOOLEAN: N_("Yes or no"),
    FieldType.CHOICE: N_("One choice"),
    FieldType.CHOICES: N_("Several choices"),
    FieldType.URL: N_("Web address"),
}


@get(FIELDS_PATH, opt=needs(Permission.LEADS_READ))
async def fields_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        found = await leads.all_fields(tx, workspace_id=visit.workspace_id)
    shown = sorted(found, key=lambda each: (each.archived_at is not None, each.label.casefold()))
    return visit.html("settings/fields.html", fields=shown, type_names=dict(_types()))


@get(f"{FIELDS_PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def new_field_page(visit: CurrentVisit) -> Page:
    return _form(visit, FieldForm(), {})


@post(FIELDS_PATH, opt=needs(Permission.LEADS_WRITE))
async def create_field(visit: CurrentVisit) -> Page:
    form = FieldForm.read(await visit.request.form())
    if form.errors:
        return _form(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await leads.create_field(
                tx,
                workspace_id=visit.workspace_id,
                label=form.label,
                type=form.type,
                key=form.key,
                choices=form.choices,
                default_value=form.default or None,
            )
    except Invalid as error:
        return _form(visit, form, errors_of(error, fields=FIELD_FIELDS))
    except Conflict as error:
        return _form(visit, form, errors_of(error, fields=(), default="key"))
    return visit.redirect(FIELDS_PATH, Flash("success", _("The field %(name)s was added.", name=made.label)))


@get(f"{FIELDS_PATH}/{{field_key:str}}", opt=needs(Permission.LEADS_WRITE))
async def field_page(visit: CurrentVisit, field_key: FromPath[str]) -> Page:
    async with visit.tenant() as tx:
        stored = await leads.get_field(tx, workspace_id=visit.workspace_id, key=field_key)
    return _form(visit, FieldForm.of(stored), {}, stored)


@post(f"{FIELDS_PATH}/{{field_key:str}}", opt=needs(Permission.LEADS_WRITE))
async def save_field(visit: CurrentVisit, field_key: FromPath[str]) -> Page:
    form = FieldForm.read(await visit.request.form())
    async with visit.tenant() as tx:
        stored = await leads.get_field(tx, workspace_id=visit.workspace_id, key=field_key)
    if form.errors:
        return _form(visit, form, form.errors, stored)
    try:
        async with visit.tenant() as tx:
            await leads.update_field(tx, workspace_id=visit.workspace_id, key=field_key, changes=form.changes)
    except Invalid as error:
        return _form(visit, form, errors_of(error, fields=FIELD_FIELDS), stored)
    return visit.redirect(FIELDS_PATH, Flash("success", _("The field was saved.")))


@post(f"{FIELDS_PATH}/{{field_key:str}}/archive", opt=needs(Permission.LEADS_WRITE))
async def archive_field(visit: CurrentVisit, field_key: FromPath[str]) -> Page:
    return await _archived(visit, field_key, archived=True, said=_("The field was archived."))


@post(f"{FIELDS_PATH}/{{field_key:str}}/restore", opt=needs(Permission.LEADS_WRITE))
async def restore_field(visit: CurrentVisit, field_key: FromPath[str]) -> Page:
    return await _archived(visit, field_key, archived=False, said=_("The field is back."))


async def _archived(visit: Visit, key: str, *, archived: bool, said: str) -> Page:
    async with visit.tenant() as tx:
        changes = leads.FieldChanges(archived=archived)
        await leads.update_field(tx, workspace_id=visit.workspace_id, key=key, changes=changes)
    return visit.redirect(FIELDS_PATH, Flash("success", said))


def _form(visit: Visit, form: FieldForm, errors: dict[str, str], stored: LeadField | None = None) -> Page:
    return visit.html(
        "settings/field.html",
        code=422 if errors else 200,
        form=form,
        errors=errors,
        stored=stored,
        types=_types(),
    )


def _types() -> list[tuple[str, str]]:
    return [(kind.value, _(name)) for kind, name in TYPE_NAMES.items()]


HANDLERS: Final = (
    fields_page,
    new_field_page,
    create_field,
    field_page,
    save_field,
    archive_field,
    restore_field,
)
