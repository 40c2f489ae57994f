"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.imports.errors import ImportNotFound
from mailgenius.product.imports.model import Counts, Import, NewImport, OldTry, Reject, SourceFile

_SQL = load_queries(__file__)


async def add_import(tx: Tx, *, workspace_id: int, new: NewImport) -> int:
    made: int = await tx.value(
        _SQL["add-import"],
        workspace_id=workspace_id,
        mode=new.mode,
        file_key=new.file_key,
        file_name=new.file_name,
        file_size=new.file_size,
        mapping=None if new.mapping is None else json_value(new.mapping),
        tags=list(new.tags),
        consent_source=new.consent_source,
        consent_basis=new.consent_basis,
        consent_channels=list(new.consent_channels),
        created_by=new.created_by,
        dry_run=new.dry_run,
        new_fields=json_value(new.new_fields),
    )
    return made


async def get_import(tx: Tx, *, workspace_id: int, import_id: int) -> Import:
    return await tx.one(
        Import, _SQL["get-import"], missing=ImportNotFound, workspace_id=workspace_id, import_id=import_id
    )


async def list_imports(tx: Tx, *, workspace_id: int, before: int, limit: int) -> list[Import]:
    return await tx.all(Import, _SQL["list-imports"], workspace_id=workspace_id, before=before, limit=limit)


async def begin(
    tx: Tx,
    *,
    workspace_id: int,
    import_id: int,
    columns: Sequence[str],
    mapping: dict[str, str],
    files: Sequence[SourceFile],
    month_first: Sequence[str],
    rows_total: int,
) -> bool:
    touched = await tx.execute(
        _SQL["begin"],
        workspace_id=workspace_id,
        import_id=import_id,
        columns=list(columns),
        mapping=json_value(mapping),
        files=json_value(files),
        month_first=list(month_first),
        rows_total=rows_total,
    )
    return touched == 1


async def advance(tx: Tx, *, workspace_id: int, import_id: int, chunk: int, bit: int, counts: Counts) -> bool:
    touched = await tx.execute(
        _SQL["advance"],
        workspace_id=workspace_id,
        import_id=import_id,
        chunk=chunk,
        bit=bit,
        read=counts.read,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
        rejected=counts.rejected,
    )
    return touched == 1


async def close_chunk(tx: Tx, *, workspace_id: int, import_id: int, chunk: int, bytes_read: int) -> bool:
    touched = await tx.execute(
        _SQL["close-chunk"],
        workspace_id=workspace_id,
        import_id=import_id,
        chunk=chunk,
        bytes_read=bytes_read,
    )
    return touched == 1


async def finish(tx: Tx, *, workspace_id: int, import_id: int) -> bool:
    return await tx.execute(_SQL["finish"], workspace_id=workspace_id, import_id=import_id) == 1


async def fail(tx: Tx, *, workspace_id: int, import_id: int, error: str) -> bool:
    return await tx.execute(_SQL["fail"], workspace_id=workspace_id, import_id=import_id, error=error) == 1


async def cancel(tx: Tx, *, workspace_id: int, import_id: int) -> bool:
    return await tx.execute(_SQL["cancel"], workspace_id=workspace_id, import_id=import_id) == 1


async def make_tried(tx: Tx, *, workspace_id: int, import_id: int) -> bool:
    return await tx.execute(_SQL["make-tried"], workspace_id=workspace_id, import_id=import_id) == 1


async def try_anew(tx: Tx, *, workspace_id: int, import_id: int) -> bool:
    return await tx.execute(_SQL["try-anew"], workspace_id=workspace_id, import_id=import_id) == 1


async def forget_rejects(tx: Tx, *, workspace_id: int, import_id: int) -> None:
    await tx.execute(_SQL["forget-rejects"], workspace_id=workspace_id, import_id=import_id)


async def old_tries(tx: Tx, *, before: datetime, limit: int) -> list[OldTry]:
    return await tx.all(OldTry, _SQL["old-tries"], before=before, limit=limit)


async def give_up_try(tx: Tx, *, workspace_id: int, import_id: int) -> None:
    await tx.execute(_SQL["give-up-try"], workspace_id=workspace_id, import_id=import_id)


async def add_rejects(tx: Tx, *, workspace_id: int, import_id: int, rejects: Sequence[Reject]) -> None:
    await tx.execute(
        _SQL["add-rejects"], workspace_id=workspace_id, import_id=import_id, rejects=json_value(rejects)
    )


async def list_rejects(tx: Tx, *, workspace_id: int, import_id: int, after: int, limit: int) -> list[Reject]:
    return await tx.all(
        Reject,
        _SQL["list-rejects"],
        workspace_id=workspace_id,
        import_id=import_id,
        after=after,
        limit=limit,
    )


async def forget_person(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    return await tx.execute(_SQL["forget-person"], workspace_id=workspace_id, patterns=list(patterns))


async def rejects_about(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> list[dict[str, Any]]:
    return await tx.all(
        dict[str, Any], _SQL["rejects-about"], workspace_id=workspace_id, patterns=list(patterns)
    )


async def forget_old_rejects(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    return await tx.execute(_SQL["forget-old-rejects"], workspace_id=workspace_id, before=before, limit=limit)
