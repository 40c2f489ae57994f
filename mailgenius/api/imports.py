"""Imports by JSON: send a file, follow its progress, fetch the rows that were rejected."""

import re

import msgspec
from litestar import Response, Router, get, post
from litestar.response import Stream

from mailgenius.api.access import needs
from mailgenius.api.bodies import Cursor, ImportId, Limit, MalformedJson, decode
from mailgenius.api.call import Caller, Done
from mailgenius.api.import_shapes import (
    DryRun,
    ImportAnswer,
    ImportPage,
    NewFieldBody,
    UploadOperation,
    import_answer,
)
from mailgenius.api.uploads import BODY_LIMIT, StoredFile, Upload, discard, receive
from mailgenius.channels.contract import Channel
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem, invalid
from mailgenius.kit.paging import checked_limit
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import Import
from mailgenius.product.leads.model import LeadField, Mode
from mailgenius.product.uploads import service as uploads
from mailgenius.product.uploads.errors import UploadNotFound
from mailgenius.product.uploads.model import Upload as Sent
from mailgenius.product.workspaces.model import Permission

UPLOAD_ID = "upload_id"
ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

FIELDS = frozenset(
    {UPLOAD_ID, "mapping", "mode", "tags", "consent_source", "consent_basis", "consent_channels"}
)
"""What an upload may say beside its file."""


@post(
    "/imports",
    status_code=202,
    opt=needs(Permission.LEADS_WRITE),
    request_max_body_size=BODY_LIMIT,
    operation_class=UploadOperation,
    summary="Import a file of leads",
    description="Stores the file and queues the import. Watch its `state` until it is no longer running."
    " A large file goes to `POST /uploads` first, which goes on after a break; its `upload_id` then stands"
    " here instead of the file, in a form or in JSON.",
)
async def create_import(call: Caller, *, dry_run: DryRun = False) -> Response[ImportAnswer]:
    storage = call.services.storage
    upload = await receive(
        call.request, storage, folder=f"imports/{call.workspace_id}", digest=call.address_hash()
    )
    sent = await _sent_before(call, upload)
    started = False

    async def work(tx: Tx) -> Done:
        nonlocal started
        if sent is not None:
            await uploads.take(tx, workspace_id=call.workspace_id, upload_id=sent.id)
        made = await _start(tx, call, upload, _file_of(upload, sent), dry_run=dry_run)
        started = True
        return Done(body=import_answer(made), status=202)

    try:
        return await call.once(work, request_hash=upload.digest.digest())
    finally:
        # Refused, or answered before: this copy of the file belongs to no import.
        if not started:
            await discard(upload, storage)


@get("/imports", opt=needs(Permission.LEADS_READ), summary="List imports")
async def list_imports(call: Caller, limit: Limit = None, cursor: Cursor = None) -> ImportPage:
    async with call.tenant() as tx:
        page = await imports.list_imports(
            tx, workspace_id=call.workspace_id, limit=checked_limit(limit), cursor=cursor
        )
    return ImportPage(items=[import_answer(item) for item in page.items], next_cursor=page.next_cursor)


@get("/imports/{import_id:int}", opt=needs(Permission.LEADS_READ), summary="Read an import and its progress")
async def get_import(call: Caller, import_id: ImportId) -> ImportAnswer:
    async with call.tenant() as tx:
        found = await imports.get(tx, workspace_id=call.workspace_id, import_id=import_id)
    return import_answer(found)


@get(
    "/imports/{import_id:int}/rejects",
    opt=needs(Permission.LEADS_READ),
    media_type="text/csv",
    summary="Fetch the rejected rows",
    description="CSV in UTF-8: `line`, `reason`, and the columns of the file, as far as the import has come.",
)
async def fetch_rejects(call: Caller, import_id: ImportId) -> Stream:
    async with call.tenant() as tx:
        # Asked here as well, because a stream that has begun can no longer answer 404.
        await imports.get(tx, workspace_id=call.workspace_id, import_id=import_id)
    rows = imports.rejects_csv(call.services.db, workspace_id=call.workspace_id, import_id=import_id)
    headers = {"Content-Disposition": f'attachment; filename="rejects-{import_id}.csv"'}
    return Stream(rows, media_type="text/csv; charset=utf-8", headers=headers)


@post(
    "/imports/{import_id:int}/cancel",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    summary="Cancel an import",
    description="Rows that are in stay in.",
)
async def cancel_import(call: Caller, import_id: ImportId) -> Response[ImportAnswer]:
    async def work(tx: Tx) -> Done:
        await imports.cancel(tx, workspace_id=call.workspace_id, import_id=import_id)
        found = await imports.get(tx, workspace_id=call.workspace_id, import_id=import_id)
        return Done(body=import_answer(found), status=200)

    return await call.once(work)


@post(
    "/imports/{import_id:int}/make",
    status_code=202,
    opt=needs(Permission.LEADS_WRITE),
    summary="Make an import that was tried",
    description="Queues the file of a dry run that is done, with the same choices. It is kept for a day.",
)
async def make_import(call: Caller, import_id: ImportId) -> Response[ImportAnswer]:
    async def work(tx: Tx) -> Done:
        made = await imports.make(tx, workspace_id=call.workspace_id, import_id=import_id)
        return Done(body=import_answer(made), status=202)

    return await call.once(work)


async def _sent_before(call: Caller, upload: Upload) -> Sent | None:
    """Make the upload that the request names readable. One that is gone may be this request's, sent twice."""
    text = upload.text(UPLOAD_ID)
    if not text:
        return None
    if upload.file is not None or not ID.fullmatch(text):
        raise invalid(UPLOAD_ID, "must be the id of an upload, and stands instead of a file")
    try:
        return await uploads.ready(
            call.services.db, call.services.storage, workspace_id=call.workspace_id, upload_id=int(text)
        )
    except UploadNotFound:
        return None


def _file_of(upload: Upload, sent: Sent | None) -> StoredFile:
    if sent is not None:
        return StoredFile(key=sent.file_key, name=sent.file_name, size=sent.file_size)
    if upload.file is not None:
        return upload.file
    if upload.text(UPLOAD_ID):
        raise UploadNotFound
    raise invalid("file", "is needed")


async def _start(tx: Tx, call: Caller, upload: Upload, file: StoredFile, *, dry_run: bool) -> Import:
    unknown = set(upload.fields) - FIELDS
    if unknown:
        raise Invalid(problems=[Problem(name, "is not a known field") for name in sorted(unknown)])
    mapping, new_fields = _mapping(upload.text("mapping"))
    return await imports.start(
        tx,
        workspace_id=call.workspace_id,
        file_key=file.key,
        file_name=file.name,
        file_size=file.size,
        mapping=mapping,
        new_fields=new_fields,
        mode=_mode(upload.text("mode", Mode.MERGE)),
        tags=_tags(upload.fields.get("tags", [])),
        consent_source=upload.text("consent_source"),
        consent_basis=_basis(upload.text("consent_basis")),
        consent_channels=_tags(upload.fields.get("consent_channels", [])) or (Channel.EMAIL,),
        created_by=call.actor.user_id,
        dry_run=dry_run,
    )


def _mapping(text: str) -> tuple[dict[str, str] | None, list[LeadField]]:
    """Read the JSON of the mapping, and the fields that it makes. None lets the import guess."""
    if not text.strip():
        return None, []
    try:
        given: dict[str, str | NewFieldBody] = decode(text.encode(), dict[str, str | NewFieldBody])
    except (MalformedJson, msgspec.ValidationError) as error:
        raise invalid("mapping", f"must be a JSON object of texts: {error}") from error
    plain: dict[str, str] = {}
    fields = []
    for header, target in given.items():
        if isinstance(target, NewFieldBody):
            fields.append(target.made_of(header))
        plain[header] = target if isinstance(target, str) else f"field:{fields[-1].key}"
    return plain, fields


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as error:
        raise invalid("mode", f"must be one of {', '.join(Mode)}") from error


def _basis(text: str) -> Basis | None:
    try:
        return Basis(text) if text else None
    except ValueError as error:
        raise invalid("consent_basis", f"must be one of {', '.join(Basis)}") from error


def _tags(values: list[str]) -> tuple[str, ...]:
    return tuple(tag.strip() for value in values for tag in value.split(",") if tag.strip())


router = Router(
    "",
    route_handlers=[create_import, list_imports, get_import, fetch_rejects, cancel_import, make_import],
    tags=["Imports"],
)
