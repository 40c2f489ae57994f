"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from datetime import datetime

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.exports.errors import ExportNotFound
from mailgenius.product.exports.model import Export, NewExport, OldFile
from mailgenius.product.leads.bulk_model import BulkState

_SQL = load_queries(__file__)


async def insert(tx: Tx, *, workspace_id: int, new: NewExport) -> int:
    made: int = await tx.value(
        _SQL["insert-export"],
        workspace_id=workspace_id,
        format=new.format,
        columns=list(new.columns),
        filter=json_value(new.found.match.as_json()),
        segment_id=new.segment_id,
        total=new.found.total,
        total_is_estimate=new.found.total_is_estimate,
        after_id=new.found.after_id,
        until_id=new.found.until_id,
        created_by=new.created_by,
    )
    return made


async def get(tx: Tx, *, workspace_id: int, export_id: int) -> Export:
    return await tx.one(
        Export, _SQL["get-export"], missing=ExportNotFound, workspace_id=workspace_id, export_id=export_id
    )


async def list_exports(tx: Tx, *, workspace_id: int, before: int, limit: int) -> list[Export]:
    return await tx.all(Export, _SQL["list-exports"], workspace_id=workspace_id, before=before, limit=limit)


async def advance(tx: Tx, *, workspace_id: int, export_id: int, written: int) -> bool:
    return bool(
        await tx.execute(
            _SQL["advance-export"], workspace_id=workspace_id, export_id=export_id, written=written
        )
    )


async def finish(tx: Tx, *, workspace_id: int, export_id: int, file_size: int, expires_at: datetime) -> bool:
    return bool(
        await tx.execute(
            _SQL["finish-export"],
            workspace_id=workspace_id,
            export_id=export_id,
            file_size=file_size,
            expires_at=expires_at,
        )
    )


async def end(tx: Tx, *, workspace_id: int, export_id: int, state: BulkState, error: str = "") -> bool:
    return bool(
        await tx.execute(
            _SQL["end-export"], workspace_id=workspace_id, export_id=export_id, state=state, error=error
        )
    )


async def old_files(tx: Tx, *, now: datetime, limit: int) -> list[OldFile]:
    return await tx.all(OldFile, _SQL["old-files"], now=now, limit=limit)


async def forget_file(tx: Tx, *, workspace_id: int, export_id: int) -> None:
    await tx.execute(_SQL["forget-file"], workspace_id=workspace_id, export_id=export_id)


async def expire_old_files(tx: Tx, *, workspace_id: int, before: datetime) -> int:
    return await tx.execute(_SQL["expire-old-files"], workspace_id=workspace_id, before=before)


async def forget_filters_about(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    return await tx.execute(_SQL["forget-filters-about"], workspace_id=workspace_id, patterns=list(patterns))
