"""Exports by JSON: ask for a file of leads, follow it, fetch it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody
from litestar.response import Stream
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Cursor, ExportId, Id, Limit
from mailgenius.api.bulk_leads import LeadFilter, meant
from mailgenius.api.call import Caller, Done
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.exports import service as exports
from mailgenius.product.exports.formats import MEDIA_TYPES
from mailgenius.product.exports.model import MAX_COLUMNS, Export, Format
from mailgenius.product.leads.bulk_model import BulkState
from mailgenius.product.workspaces.model import Permission


class ExportBody(Body):
    """Which leads to write, and what of them. Without a filter or a segment it is every lead."""

    filter: LeadFilter = msgspec.field(default_factory=LeadFilter)
    segment_id: Annotated[Id | None, Meta(description="As the filter's.")] = None
    columns: Annotated[
        list[str],
        Meta(
            max_length=MAX_COLUMNS,
            description="In order; without any, what an import understands and every custom field. Known are"
            " lead_id, email, phone, external_id, name, status, tags, consent_at, consent_source, created_at,"
            " updated_at and fields.<key>.",
            examples=[["email", "name", "fields.city"]],
        ),
    ] = msgspec.field(default_factory=list)
    format: Annotated[Format, Meta(description="A sheet (`xlsx`) holds at most 1,048,575 leads.")] = (
        Format.CSV
    )


class ExportAnswer(Answer):
    """An export and how far it is."""

    id: Id
    format: Format
    columns: list[str]
    segment_id: Id | None
    state: BulkState
    total: Annotated[int | None, Meta(description="Leads that matched when it was asked for.")]
    total_is_estimate: Annotated[bool, Meta(description="Until its end, when they have been counted.")]
    written: Annotated[int, Meta(description="Leads in the file so far.")]
    file_size: Annotated[int, Meta(description="Bytes, when it is done.")]
    error: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: Annotated[datetime | None, Meta(description="The file may be fetched until then.")]


class ExportPage(Answer):
    """Exports, newest first."""

    items: list[ExportAnswer]
    next_cursor: str | None


def export_answer(export: Export) -> ExportAnswer:
    return ExportAnswer(
        id=str(export.id),
        format=export.format,
        columns=list(export.columns),
        segment_id=None if export.segment_id is None else str(export.segment_id),
        state=export.state,
        total=export.total,
        total_is_estimate=export.total_is_estimate,
        written=export.written,
        file_size=export.file_size,
        error=export.error,
        created_at=export.created_at,
        finished_at=export.finished_at,
        expires_at=export.expires_at,
    )


@post(
    "/exports",
    status_code=202,
    opt=needs(Permission.LEADS_READ),
    summary="Export leads into a file",
    description="Queues the file and answers at once. Watch its `state` until it is no longer running.",
)
async def create_export(call: Caller, data: JSONBody[ExportBody]) -> Response[ExportAnswer]:
    async def work(tx: Tx) -> Done:
        begun = await exports.start(
            tx,
            workspace_id=call.workspace_id,
            wanted=await meant(tx, call, data.filter, segment_id=data.segment_id),
            columns=data.columns,
            format=data.format,
            created_by=call.actor.user_id,
        )
        return Done(body=export_answer(begun), status=202)

    return await call.once(work, trusted=True)


@get("/exports", opt=needs(Permission.LEADS_READ), summary="List exports")
async def list_exports(call: Caller, limit: Limit = None, cursor: Cursor = None) -> ExportPage:
    async with call.tenant() as tx:
        page = await exports.list_exports(
            tx, workspace_id=call.workspace_id, limit=checked_limit(limit), cursor=cursor
        )
    return ExportPage(items=[export_answer(item) for item in page.items], next_cursor=page.next_cursor)


@get("/exports/{export_id:int}", opt=needs(Permission.LEADS_READ), summary="Read an export and its progress")
async def get_export(call: Caller, export_id: ExportId) -> ExportAnswer:
    async with call.tenant() as tx:
        return export_answer(await exports.get(tx, workspace_id=call.workspace_id, export_id=export_id))


@get(
    "/exports/{export_id:int}/file",
    opt=needs(Permission.LEADS_READ),
    summary="Fetch the file of an export",
    description="CSV in UTF-8 or XLSX. Cells of the CSV that a spreadsheet would run as a formula begin with"
    " an apostrophe, which an import takes off again. 409 while it is not done, 404 when its time is over.",
)
async def fetch_export(call: Caller, export_id: ExportId) -> Stream:
    async with call.tenant() as tx:
        found = await exports.fetchable(tx, workspace_id=call.workspace_id, export_id=export_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
        "Content-Length": str(found.file_size),
        "X-Content-Type-Options": "nosniff",
    }
    content = await exports.content(call.services.storage, found, workspace_id=call.workspace_id)
    return Stream(content, media_type=MEDIA_TYPES[found.format], headers=headers)


@post(
    "/exports/{export_id:int}/cancel",
    status_code=200,
    opt=needs(Permission.LEADS_READ),
    summary="Stop an export",
    description="There will be no file.",
)
async def cancel_export(call: Caller, export_id: ExportId) -> Response[ExportAnswer]:
    async def work(tx: Tx) -> Done:
        stopped = await exports.cancel(tx, workspace_id=call.workspace_id, export_id=export_id)
        return Done(body=export_answer(stopped), status=200)

    return await call.once(work)


router = Router(
    "",
    route_handlers=[create_export, list_exports, get_export, fetch_export, cancel_export],
    tags=["Exports"],
)
