"""Exports: choosing columns, the list of files, and one file as it is written and fetched."""

from typing import Any, Final

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Stream

from mailgenius.kit.errors import Invalid, LimitReached
from mailgenius.product.exports import service as exports
from mailgenius.product.exports.formats import MEDIA_TYPES
from mailgenius.product.exports.model import BASE_COLUMNS, FIELD, Format
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadField
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n
from mailgenius.web.forms.exports import ExportForm
from mailgenius.web.forms.lead_filters import LeadFilters
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import filter_facts, meant
from mailgenius.web.streams import Shown, live
from mailgenius.web.templating import Flash, render_block
from mailgenius.web.texts import reason
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

EXPORTS_PATH: Final = "/exports"
EXPORT_PATH: Final = f"{EXPORTS_PATH}/{{export_id:int}}"
COLUMN_NAMES: Final = {
    "lead_id": N_("Number of the lead"),
    "email": N_("E-mail"),
    "phone": N_("Phone number"),
    "external_id": N_("Id in your system"),
    "name": N_("Name"),
    "status": N_("Status"),
    "tags": N_("Tags"),
    "consent_at": N_("Consent given on"),
    "consent_source": N_("Source of the consent"),
    "created_at": N_("Added on"),
    "updated_at": N_("Changed on"),
}


@get(f"{EXPORTS_PATH}/new", opt=needs(Permission.LEADS_READ))
async def new_export_page(visit: CurrentVisit) -> Page:
    """Choose columns for everybody that the filter in the address names; earlier files stand below."""
    filters = LeadFilters.read(visit.request.query_params, timezone=visit.page.timezone)
    return await _form_page(visit, ExportForm.asked(filters))


@post(EXPORTS_PATH, opt=needs(Permission.LEADS_READ))
async def start_export(visit: CurrentVisit) -> Page:
    posted = await visit.request.form()
    async with visit.tenant() as tx:
        known = await exports.known_columns(tx, workspace_id=visit.workspace_id)
    form = ExportForm.read(posted, known, timezone=visit.page.timezone)
    try:
        async with visit.trusted() as tx:
            begun = await exports.start(
                tx,
                workspace_id=visit.workspace_id,
                wanted=await meant(tx, visit, form.leads),
                columns=form.columns,
                format=form.format,
                created_by=visit.user.id,
            )
    except (Invalid, LimitReached) as error:
        return await _form_page(visit, form, errors_of(error, fields=()))
    return visit.redirect(f"{EXPORTS_PATH}/{begun.id}")


@get(EXPORT_PATH, opt=needs(Permission.LEADS_READ))
async def export_page(visit: CurrentVisit, export_id: FromPath[int]) -> Page:
    return visit.html("exports/one.html", **await _values(visit, export_id))


@get(f"{EXPORT_PATH}/events", opt=needs(Permission.LEADS_READ))
async def export_events(visit: CurrentVisit, export_id: FromPath[int]) -> Stream:
    """The progress as it goes, until the end."""
    await _values(
        visit, export_id
    )  # Asked first: a stream that has begun can no longer say that nothing is there.

    async def look() -> Shown:
        # The stream outlives the handler, and with it the language that the middleware had set.
        with i18n.use_locale(visit.page.locale):
            values = await _values(visit, export_id)
            html = render_block("exports/one.html", "live", page=visit.page, may=visit.may, **values)
            return Shown(html=html, finished=not values["export"].running)

    return live(look)


@get(f"{EXPORT_PATH}/file", opt=needs(Permission.LEADS_READ))
async def export_file(visit: CurrentVisit, export_id: FromPath[int]) -> Stream:
    """The file, for members of its workspace and while it is kept."""
    async with visit.tenant() as tx:
        found = await exports.fetchable(tx, workspace_id=visit.workspace_id, export_id=export_id)
    content = await exports.content(visit.services.storage, found, workspace_id=visit.workspace_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
        "Content-Length": str(found.file_size),
    }
    return Stream(content, media_type=MEDIA_TYPES[found.format], headers=headers)


@post(f"{EXPORT_PATH}/cancel", opt=needs(Permission.LEADS_READ))
async def cancel_export(visit: CurrentVisit, export_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await exports.cancel(tx, workspace_id=visit.workspace_id, export_id=export_id)
    return visit.redirect(f"{EXPORTS_PATH}/{export_id}", Flash("success", _("Stopped. There is no file.")))


async def export_form(visit: Visit, leads_meant: BulkForm) -> Page:
    """The same page for leads that were chosen in their list."""
    return await _form_page(visit, ExportForm.of(leads_meant))


async def _form_page(visit: Visit, form: ExportForm, errors: dict[str, str] | None = None) -> Page:
    async with visit.trusted() as tx:
        workspace_id = visit.workspace_id
        fields = await leads.all_fields(tx, workspace_id=workspace_id)
        usual = await exports.usual_columns(tx, workspace_id=workspace_id)
        earlier = await exports.list_exports(tx, workspace_id=workspace_id, limit=20)
        wanted = await meant(tx, visit, form.leads)
        found = await leads.matching(tx, workspace_id=workspace_id, wanted=wanted)
        what = await filter_facts(tx, visit, form.leads) if form.leads.everything else []
    return visit.html(
        "exports/new.html",
        code=422 if errors else 200,
        form=form,
        errors=errors or {},
        columns=_columns(fields),
        chosen=form.columns or usual,
        formats=[(Format.CSV.value, "CSV"), (Format.XLSX.value, _("Spreadsheet (XLSX)"))],
        earlier=earlier.items,
        total=found.total,
        about=found.total_is_estimate,
        what=what,
    )


def _columns(fields: list[LeadField]) -> list[tuple[str, str]]:
    return [
        *((column, _(COLUMN_NAMES[column])) for column in BASE_COLUMNS),
        *((FIELD + field.key, field.label) for field in fields),
    ]


async def _values(visit: Visit, export_id: int) -> dict[str, Any]:
    async with visit.tenant() as tx:
        export = await exports.get(tx, workspace_id=visit.workspace_id, export_id=export_id)
    return {"export": export, "error": reason(export.error)}


router = Router(
    "/",
    route_handlers=[
        new_export_page,
        start_export,
        export_page,
        export_events,
        export_file,
        cancel_export,
    ],
)
