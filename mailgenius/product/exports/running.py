"""Writing the file of an export: chunk by chunk from the database into the store."""

import asyncio
from collections.abc import AsyncIterator

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.storage import Storage
from mailgenius.product.exports import queries
from mailgenius.product.exports.cells import header_of, reader_of
from mailgenius.product.exports.errors import SheetTooLong
from mailgenius.product.exports.formats import ENCODERS
from mailgenius.product.exports.model import KEPT, Export
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import BulkState
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.errors import SegmentBroken, SegmentNotFound

LARGEST_FILE = 1 << 40
FORGOTTEN_AT_ONCE = 500


class Stopped(Exception):  # Nothing went wrong: somebody stopped it.
    """Somebody stopped the export while it was written."""


async def write(db: Database, storage: Storage, *, workspace_id: int, export_id: int) -> None:
    """Write the file of an export. A second run begins the file anew, or finds the export over."""
    async with db.trusted() as tx:
        export = await queries.get(tx, workspace_id=workspace_id, export_id=export_id)
        if not export.running:
            return
    key = export.file_key(workspace_id)
    try:
        members = await _members(db, workspace_id, export)
        chunks = _bytes(db, workspace_id, export, members)
        size = await storage.put(key, chunks, limit=LARGEST_FILE)
    except Stopped:
        await storage.delete(key)
        return
    except (SheetTooLong, SegmentNotFound, SegmentBroken) as error:
        await storage.delete(key)
        await fail(db, workspace_id=workspace_id, export_id=export_id, error=error.message)
        return
    async with db.trusted() as tx:
        done = await queries.finish(
            tx,
            workspace_id=workspace_id,
            export_id=export_id,
            file_size=size,
            expires_at=clock.now() + KEPT,
        )
        if done:
            written = await queries.get(tx, workspace_id=workspace_id, export_id=export_id)
            await audit.note(
                tx,
                workspace_id=workspace_id,
                action="export.finished",
                object_id=export_id,
                details={"leads": written.written, "size": size},
            )
    if not done:
        await storage.delete(key)


async def fail(db: Database, *, workspace_id: int, export_id: int, error: str) -> None:
    """End an export without a file. One that is over stays as it is."""
    async with db.trusted() as tx:
        await queries.end(
            tx, workspace_id=workspace_id, export_id=export_id, state=BulkState.FAILED, error=error
        )


async def forget_files(db: Database, storage: Storage) -> int:
    """Remove the files whose time is over, and return how many. A second run finds them gone."""
    async with db.trusted() as tx:
        old = await queries.old_files(tx, now=clock.now(), limit=FORGOTTEN_AT_ONCE)
    for each in old:
        async with db.trusted() as tx:
            export = await queries.get(tx, workspace_id=each.workspace_id, export_id=each.id)
        await storage.delete(export.file_key(each.workspace_id))
        async with db.trusted() as tx:
            await queries.forget_file(tx, workspace_id=each.workspace_id, export_id=each.id)
    return len(old)


async def _members(db: Database, workspace_id: int, export: Export) -> Fragment | None:
    """What the segment of the filter says, as it was when the export was asked for."""
    if export.segment_id is None:
        return None
    async with db.trusted() as tx:
        if export.match.segment is None:  # Asked for in an earlier release, which kept only its id.
            return await segments.condition_of(tx, workspace_id=workspace_id, segment_id=export.segment_id)
        return await segments.kept_condition(tx, workspace_id=workspace_id, kept=export.match.segment)


async def _bytes(
    db: Database, workspace_id: int, export: Export, members: Fragment | None
) -> AsyncIterator[bytes]:
    """Yield the file. Each chunk is read in a transaction of its own, which also notes how far it is."""
    encoder, read = ENCODERS[export.format](), reader_of(export.columns)
    yield encoder.rows([[header_of(column) for column in export.columns]])
    written, cursor = 0, export.after_id
    while cursor < export.until_id:
        async with db.trusted() as tx:
            found = await leads.next_matching(
                tx,
                workspace_id=workspace_id,
                match=export.match,
                members=members,
                after_id=cursor,
                until_id=export.until_id,
            )
            rows, cursor = await leads.whole_leads(tx, workspace_id=workspace_id, found=found), found.reached
            written += len(rows)
            if not await queries.advance(tx, workspace_id=workspace_id, export_id=export.id, written=written):
                raise Stopped
        # In a thread: packing a chunk takes long enough to keep other jobs waiting.
        yield await asyncio.to_thread(lambda taken: encoder.rows(map(read, taken)), rows)
    yield encoder.end()
