"""Asking for exports, watching and stopping them, and who may fetch the file."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import Page, checked_limit, decode_cursor, page_of
from mailgenius.kit.storage import Storage
from mailgenius.product.exports import queries
from mailgenius.product.exports.errors import ExportExpired, ExportNotReady, ExportOver, SheetTooLong
from mailgenius.product.exports.model import (
    BASE_COLUMNS,
    FIELD,
    MAX_COLUMNS,
    USUAL_COLUMNS,
    XLSX_LEADS,
    Export,
    Format,
    NewExport,
)
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import EVERYBODY, BulkState, Wanted

NEWEST = 2**63 - 1
JOB = "exports.write"


async def start(
    tx: Tx,
    *,
    workspace_id: int,
    wanted: Wanted = EVERYBODY,
    columns: Sequence[str] = (),
    format: Format = Format.CSV,  # noqa: A002  # The domain's word.
    created_by: int | None = None,
) -> Export:
    """Queue a file of the leads that are meant now.

    Wants a trusted transaction. Without `columns` it is the usual ones and every custom field.

    Raises:
        Invalid: a column does not exist or is named twice.
        SheetTooLong: there are more leads than a sheet has rows.
    """
    chosen = await _checked_columns(tx, workspace_id, columns)
    found = await leads.matching(tx, workspace_id=workspace_id, wanted=wanted)
    if format is Format.XLSX and found.total_is_estimate and found.total > XLSX_LEADS // 2:
        found = await leads.matching_counted(tx, workspace_id=workspace_id, wanted=wanted)
    if format is Format.XLSX and found.total > XLSX_LEADS:
        raise SheetTooLong(limit=XLSX_LEADS)
    new = NewExport(
        format=format,
        columns=chosen,
        found=found,
        segment_id=found.match.segment["segment_id"] if found.match.segment else None,
        created_by=created_by,
    )
    export_id = await queries.insert(tx, workspace_id=workspace_id, new=new)
    await tx.enqueue(JOB, workspace_id=workspace_id, export_id=export_id)
    await _note(
        tx,
        "export.started",
        workspace_id,
        export_id,
        format=format,
        columns=chosen,
        segment_id=new.segment_id,
        leads=found.total,
    )
    return await queries.get(tx, workspace_id=workspace_id, export_id=export_id)


async def get(tx: Tx, *, workspace_id: int, export_id: int) -> Export:
    """Return one export.

    Raises:
        ExportNotFound: this workspace has no such export.
    """
    return await queries.get(tx, workspace_id=workspace_id, export_id=export_id)


async def list_exports(
    tx: Tx, *, workspace_id: int, limit: int | None = None, cursor: str | None = None
) -> Page[Export]:
    """Return exports, newest first."""
    size = checked_limit(limit)
    key = decode_cursor(cursor, tuple[int])
    before = key[0] if key else NEWEST
    rows = await queries.list_exports(tx, workspace_id=workspace_id, before=before, limit=size + 1)
    return page_of(rows, limit=size, key=lambda row: (row.id,))


async def cancel(tx: Tx, *, workspace_id: int, export_id: int) -> Export:
    """Stop an export; there will be no file.

    Raises:
        ExportOver: it has ended.
    """
    if not await queries.end(tx, workspace_id=workspace_id, export_id=export_id, state=BulkState.CANCELLED):
        await queries.get(tx, workspace_id=workspace_id, export_id=export_id)
        raise ExportOver
    await _note(tx, "export.cancelled", workspace_id, export_id)
    return await queries.get(tx, workspace_id=workspace_id, export_id=export_id)


async def fetchable(tx: Tx, *, workspace_id: int, export_id: int) -> Export:
    """Return an export whose file may be fetched now, and note that it is: it takes leads out of here.

    Raises:
        ExportNotFound: this workspace has no such export.
        ExportNotReady: it is under way, was stopped or failed.
        ExportExpired: its time is over.
    """
    found = await queries.get(tx, workspace_id=workspace_id, export_id=export_id)
    if found.state is not BulkState.DONE:
        raise ExportNotReady
    if found.expires_at is None or found.expires_at <= clock.now():
        raise ExportExpired
    await _note(tx, "export.downloaded", workspace_id, export_id, leads=found.written)
    return found


async def content(storage: Storage, export: Export, *, workspace_id: int) -> AsyncIterator[bytes]:
    """Return the bytes of a file that `fetchable` found, as they come.

    Raises:
        FileMissing, StoreUnavailable: now, while the answer to who fetches it has not begun.
    """
    return await storage.content(export.file_key(workspace_id))


async def known_columns(tx: Tx, *, workspace_id: int) -> list[str]:
    """Return every column that may be chosen: the parts of a lead, then its custom fields."""
    fields = await leads.all_fields(tx, workspace_id=workspace_id)
    return [*BASE_COLUMNS, *(FIELD + field.key for field in fields)]


async def usual_columns(tx: Tx, *, workspace_id: int) -> list[str]:
    """Return what is written when nothing is chosen."""
    fields = await leads.fields(tx, workspace_id=workspace_id)
    return [*USUAL_COLUMNS, *(FIELD + field.key for field in fields)][:MAX_COLUMNS]


async def _checked_columns(tx: Tx, workspace_id: int, columns: Sequence[str]) -> list[str]:
    if not columns:
        return await usual_columns(tx, workspace_id=workspace_id)
    known = set(await known_columns(tx, workspace_id=workspace_id))
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise invalid("columns", f"unknown: {', '.join(unknown[:5])}")
    if len(set(columns)) < len(columns):
        raise invalid("columns", "names a column twice")
    return list(columns)


async def _note(tx: Tx, action: str, workspace_id: int, export_id: int, **details: Any) -> None:
    await audit.note(tx, workspace_id=workspace_id, action=action, object_id=export_id, details=details)


async def expire_old_files(tx: Tx, *, workspace_id: int, before: datetime) -> int:
    """Have files that were finished before a moment forgotten within the hour; return how many."""
    return await queries.expire_old_files(tx, workspace_id=workspace_id, before=before)


async def forget_filters(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    """Forget the filters that hold what a pattern finds; return how many. An export under way ends there."""
    return await queries.forget_filters_about(tx, workspace_id=workspace_id, patterns=patterns)
