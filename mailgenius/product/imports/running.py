"""One run of an import: from the stored file to the last committed part, or to the words why not.

Each part of a chunk is one transaction that holds its leads, its rejects, its counts and its bookmark. So a
run that is killed at any moment has done exactly the bookmarked parts, and the next run does the others.
The next chunk is read and brought into normal form in a thread while the database merges the present one.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.logs import logger
from mailgenius.kit.storage import FileMissing, Storage
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports import queries
from mailgenius.product.imports.columns import Rules, normal_rows
from mailgenius.product.imports.committing import Run, Stopped
from mailgenius.product.imports.date_orders import date_places, month_first_columns
from mailgenius.product.imports.errors import NoRows, UnreadableFile
from mailgenius.product.imports.files.opening import open_table
from mailgenius.product.imports.files.table import Chunk, Table, head_of
from mailgenius.product.imports.mapping import guess_mapping, targets_of
from mailgenius.product.imports.model import OPEN, Import, ImportState, is_month_first_usual
from mailgenius.product.imports.noting import note, note_end
from mailgenius.product.imports.parts import Parts, cut
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import TooManyFields
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.workspaces import service as workspaces

GUESS_ROWS = 50
TRIES_AT_ONCE = 100
log = logger(__name__)


async def run(db: Database, storage: Storage, *, workspace_id: int, import_id: int) -> None:
    """Run an import to its end. A second run goes on where the first stopped, or finds it over."""
    async with db.trusted() as tx:
        found = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
    if found.dry_run and found.state is ImportState.RUNNING:
        found = await _tried_anew(db, workspace_id, import_id)
    if found.state in OPEN:
        with tempfile.TemporaryDirectory(prefix="mailgenius-import-") as folder:
            try:
                await _read(db, storage, workspace_id, found, Path(folder))
            except Stopped:
                log.info("import stopped", workspace_id=workspace_id, import_id=import_id)
            except (UnreadableFile, FileMissing, TooManyFields) as error:
                await fail(db, workspace_id=workspace_id, import_id=import_id, error=error.message)
        async with db.trusted() as tx:
            found = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
    waits = found.dry_run and found.state is ImportState.DONE
    if found.state not in OPEN and not waits:
        await storage.delete(found.file_key)


async def _tried_anew(db: Database, workspace_id: int, import_id: int) -> Import:
    async with db.trusted() as tx:
        if await queries.try_anew(tx, workspace_id=workspace_id, import_id=import_id):
            await queries.forget_rejects(tx, workspace_id=workspace_id, import_id=import_id)
        return await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)


async def forget_tries(db: Database, storage: Storage, *, before: datetime) -> int:
    """Remove the files of tried imports that nobody made; return how many. A second run finds them gone."""
    forgotten = 0
    while True:
        async with db.trusted() as tx:
            old = await queries.old_tries(tx, before=before, limit=TRIES_AT_ONCE)
        for each in old:
            await storage.delete(each.file_key)
            async with db.trusted() as tx:
                await queries.give_up_try(tx, workspace_id=each.workspace_id, import_id=each.import_id)
        forgotten += len(old)
        if len(old) < TRIES_AT_ONCE:
            return forgotten


async def fail(db: Database, *, workspace_id: int, import_id: int, error: str) -> None:
    """End an import with the words that a person reads."""
    async with db.trusted() as tx:
        await queries.fail(tx, workspace_id=workspace_id, import_id=import_id, error=error)
        found = await queries.get_import(tx, workspace_id=workspace_id, import_id=import_id)
        await note(tx, "import.failed", workspace_id=workspace_id, found=found, error=error)


async def _read(db: Database, storage: Storage, workspace_id: int, found: Import, folder: Path) -> None:
    path = folder / "upload"
    await storage.get_to(found.file_key, path)
    scratch = folder / "scratch"
    scratch.mkdir()
    with closing(await asyncio.to_thread(open_table, path, scratch=scratch)) as table:
        work = await _begin(db, workspace_id, found, table)
        await _merge_all(work, table)
    async with db.trusted() as tx:
        read = await queries.get_import(tx, workspace_id=workspace_id, import_id=found.id)
        if not read.rows_read:
            raise NoRows
        await queries.finish(tx, workspace_id=workspace_id, import_id=found.id)
        await note_end(tx, workspace_id=workspace_id, found=read)


async def _begin(db: Database, workspace_id: int, found: Import, table: Table) -> Run:
    if not table.rows_total:
        raise NoRows
    mapping = found.mapping
    if mapping is None:
        mapping = await asyncio.to_thread(_guess, table)
    targets = targets_of(mapping, table.columns)
    async with db.trusted() as tx:
        typed = await _typed(tx, workspace_id, found)
        workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    month_first = found.month_first
    if found.started_at is None:
        usual = is_month_first_usual(locale=workspace.locale, timezone=workspace.timezone)
        month_first = await asyncio.to_thread(_month_first, table, date_places(targets, typed), usual)
    async with db.trusted() as tx:
        begun = await queries.begin(
            tx,
            workspace_id=workspace_id,
            import_id=found.id,
            columns=table.columns,
            mapping=mapping,
            files=table.files,
            month_first=month_first,
            rows_total=table.rows_total,
        )
        if not begun:
            raise Stopped
        if not found.dry_run:
            await leads.add_fields(tx, workspace_id=workspace_id, labels=dict(targets.labels))
        known = sum((await leads.counts(tx, workspace_id=workspace_id)).values())
    rules = Rules(
        targets=targets,
        mode=found.mode,
        # Another basis is no consent: it goes to the ledger, and not to the leads themselves.
        consent_source=found.consent_source if found.consent_basis is Basis.CONSENT else "",
        typed=typed,
        month_first=frozenset(table.columns.index(name) for name in month_first),
    )
    expect = leads.Expect.ALL_SAME if known else leads.Expect.ALL_NEW
    return Run(
        db=db,
        workspace_id=workspace_id,
        found=found,
        rules=rules,
        expect=expect,
        read=found.rows_read,
        rejected=found.rows_rejected,
    )


async def _typed(tx: Tx, workspace_id: int, found: Import) -> dict[str, LeadField]:
    """Return the fields whose values must have a form, those that the import makes among them."""
    foreseen = {field.key: field for field in found.new_fields if field.type is not FieldType.TEXT}
    if not found.dry_run:
        await leads.ensure_fields(tx, workspace_id=workspace_id, fields=found.new_fields)
        foreseen = {}
    return foreseen | await leads.typed_fields(tx, workspace_id=workspace_id)


def _guess(table: Table) -> dict[str, str]:
    return guess_mapping(table.columns, head_of(table, GUESS_ROWS))


def _month_first(table: Table, places: frozenset[int], usual: bool) -> tuple[str, ...]:  # noqa: FBT001
    """Tell the order of days from the first chunk, which is the same on every run."""
    chunk = next(table.chunks(), None) if places else None
    return () if chunk is None else month_first_columns(chunk.rows, table.columns, places, usual=usual)


async def _merge_all(work: Run, table: Table) -> None:
    chunks = table.chunks()
    upcoming = asyncio.create_task(asyncio.to_thread(_prepare, chunks, work))
    try:
        while parts := await upcoming:
            upcoming = asyncio.create_task(asyncio.to_thread(_prepare, chunks, work))
            await work.merge(parts)
    finally:
        # The thread reads from a file that is about to be closed: wait for it, whatever happened.
        await asyncio.wait([upcoming])


def _prepare(chunks: Iterator[Chunk], work: Run) -> Parts | None:
    """Read the next chunk that is not merged yet, and cut it into parts."""
    for chunk in chunks:
        if chunk.number >= work.found.chunks_done:
            rows, rejects = normal_rows(chunk, work.rules)
            return cut(chunk, rows, rejects, mode=work.rules.mode)
    return None
