"""The steps of an import: choose a file, say where its columns go, start."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.errors import MailGeniusError
from mailgenius.kit.storage import FileMissing, FileTooLarge
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import Preview
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Mode
from mailgenius.product.uploads import service as uploads
from mailgenius.product.uploads.errors import UploadNotFound
from mailgenius.product.uploads.model import CHUNK, MAX_SIZE
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.imports import START_FIELDS, TARGETS, MappingForm, columns_of
from mailgenius.web.forms.reading import FORM, errors_of
from mailgenius.web.i18n import N_, _
from mailgenius.web.pages.leads.consenting import BASIS_NAMES, CHANNEL_NAMES, named
from mailgenius.web.pages.settings.fields import TYPE_NAMES
from mailgenius.web.security import STREAMED_FORM
from mailgenius.web.templating import Flash
from mailgenius.web.texts import message_of
from mailgenius.web.uploads import BODY_LIMIT, Ticket, UploadRefused, open_ticket, receive
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

IMPORTS_PATH: Final = "/imports"
NEW_PATH: Final = "/imports/new"
ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".gz", ".zip")
UPLOAD_VALUES: Final[dict[str, Any]] = {"endings": ENDINGS, "chunk": CHUNK, "limit": MAX_SIZE}
USED: Final = N_("This file was used already. Choose it again.")

MODE_TEXTS: Final = {
    Mode.MERGE: (N_("Fill in and update"), N_("New values replace old ones, empty cells change nothing")),
    Mode.OVERWRITE: (N_("Replace"), N_("The file is right: empty cells clear what is known")),
    Mode.KEEP: (N_("Only add new leads"), N_("Leads that exist stay as they are")),
}


@get(NEW_PATH, opt=needs(Permission.LEADS_WRITE))
async def upload_page(visit: CurrentVisit) -> Page:
    return visit.html("imports/upload.html", error="", **UPLOAD_VALUES)


@post(NEW_PATH, opt={**needs(Permission.LEADS_WRITE), STREAMED_FORM: True}, request_max_body_size=BODY_LIMIT)
async def upload(visit: CurrentVisit) -> Page:
    """Store the file and go on to its columns."""
    try:
        ticket = await receive(visit, folder="imports", endings=ENDINGS)
    except UploadRefused as error:
        return _upload_again(visit, str(error))
    except FileTooLarge:
        return _upload_again(visit, _("The file is larger than 2 GB. Split it into parts."))
    return visit.redirect(f"{NEW_PATH}/{ticket.sealed(visit.services.keys)}")


@get(f"{NEW_PATH}/{{sealed:str}}", opt=needs(Permission.LEADS_WRITE))
async def mapping_page(visit: CurrentVisit, sealed: FromPath[str]) -> Page:
    ticket = open_ticket(sealed, visit)
    try:
        preview = await _preview(visit, ticket)
    except FileMissing:
        return visit.redirect(NEW_PATH, Flash("warning", _(USED)))
    except MailGeniusError as error:
        await _discard(visit, ticket)
        return visit.redirect(NEW_PATH, Flash("danger", message_of(error)))
    return await _mapping(visit, ticket, preview, MappingForm(mapping=preview.guessed_mapping))


@post(f"{NEW_PATH}/{{sealed:str}}", opt=needs(Permission.LEADS_WRITE))
async def start_import(visit: CurrentVisit, sealed: FromPath[str]) -> Page:
    ticket = open_ticket(sealed, visit)
    form = MappingForm.read(await visit.request.form())
    if form.errors:
        return await _mapping(visit, ticket, await _preview(visit, ticket), form)
    try:
        async with visit.tenant() as tx:
            if ticket.upload_id is not None:
                await uploads.take(tx, workspace_id=visit.workspace_id, upload_id=ticket.upload_id)
            started = await imports.start(
                tx,
                workspace_id=visit.workspace_id,
                file_key=ticket.key,
                file_name=ticket.name,
                file_size=ticket.size,
                mapping=dict(form.mapping),
                new_fields=tuple(form.new_fields.values()),
                mode=form.mode,
                tags=form.tags,
                consent_source=form.consent_source,
                consent_basis=form.consent_basis,
                consent_channels=form.consent_channels,
                created_by=visit.user.id,
                dry_run=form.dry_run,
            )
    except UploadNotFound:
        return visit.redirect(NEW_PATH, Flash("warning", _(USED)))
    except MailGeniusError as error:
        refused = errors_of(error, fields=START_FIELDS)
        if (header := _column_of(error, form)) and FORM in refused:
            refused[FORM] = f"{header}: {refused[FORM]}"
        return await _mapping(visit, ticket, await _preview(visit, ticket), form, refused)
    return visit.redirect(f"{IMPORTS_PATH}/{started.id}")


def _column_of(error: MailGeniusError, form: MappingForm) -> str:
    """The column that the first problem is about; empty when it is about none."""
    field = error.problems[0].field if error.problems else ""
    return next((header for header in form.mapping if field.startswith(f"mapping.{header}")), "")


async def _discard(visit: Visit, ticket: Ticket) -> None:
    """Remove a file that is of no use."""
    services = visit.services
    if ticket.upload_id is None:
        await services.storage.delete(ticket.key)
        return
    await uploads.abandon(
        services.db, services.storage, workspace_id=visit.workspace_id, upload_id=ticket.upload_id
    )


async def _preview(visit: Visit, ticket: Ticket) -> Preview:
    async with visit.tenant() as tx:
        month_first = await imports.month_first_usual(tx, workspace_id=visit.workspace_id)
    return await imports.preview(visit.services.storage, file_key=ticket.key, month_first=month_first)


async def _mapping(
    visit: Visit,
    ticket: Ticket,
    preview: Preview,
    form: MappingForm,
    errors: dict[str, str] | None = None,
) -> Page:
    async with visit.tenant() as tx:
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
        tags = await leads.tags(tx, workspace_id=visit.workspace_id)
    problems = errors or form.errors
    return visit.html(
        "imports/mapping.html",
        code=422 if problems else 200,
        file=ticket,
        preview=preview,
        columns=columns_of(preview, form, fields),
        types=[(kind.value, _(name)) for kind, name in TYPE_NAMES.items()],
        targets=[(key, _(name)) for key, name in TARGETS.items()],
        fields=[(f"field:{each.key}", each.label) for each in fields],
        modes=[
            {"value": mode.value, "title": _(title), "text": _(text)}
            for mode, (title, text) in MODE_TEXTS.items()
        ],
        basis_names=named(BASIS_NAMES),
        channel_names=named(CHANNEL_NAMES),
        form=form,
        errors=problems,
        tags=[each.tag for each in tags],
    )


def _upload_again(visit: Visit, error: str) -> Page:
    values = {"error": error, **UPLOAD_VALUES}
    if visit.page.is_htmx:
        return visit.block("imports/upload.html", "form", code=422, **values)
    return visit.html("imports/upload.html", code=422, **values)


HANDLERS: Final = (upload_page, upload, mapping_page, start_import)
