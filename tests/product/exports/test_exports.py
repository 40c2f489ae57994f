"""Exports: what is asked for and nobody else's, harmless to open, whole when it is imported again."""

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.storage import FileMissing
from mailgenius.product.exports import jobs, model, service as exports
from mailgenius.product.exports.errors import (
    ExportExpired,
    ExportNotFound,
    ExportNotReady,
    ExportOver,
    SheetTooLong,
)
from mailgenius.product.exports.model import Export, Format
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.running import run
from mailgenius.product.leads.bulk_model import BulkState, Wanted
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.leads.service import meaning
from mailgenius.product.segments import service as segments
from tests.factories.leads import all_leads, make_lead, make_many_leads

AGE = Query(
    "age",
    "The file's time is over.",
    "UPDATE lead_exports SET expires_at = now() - interval '1 second' WHERE workspace_id = %(workspace_id)s",
)


async def start(db: Database, workspace_id: int, **values) -> Export:
    async with db.trusted() as tx:
        return await exports.start(tx, workspace_id=workspace_id, **values)


async def written(context: JobContext, workspace_id: int, export: Export) -> Export:
    """Run the job as the queue would."""
    await jobs.write(context, workspace_id=workspace_id, export_id=export.id)
    async with context.db.tenant(workspace_id) as tx:
        return await exports.get(tx, workspace_id=workspace_id, export_id=export.id)


async def file_of(context: JobContext, workspace_id: int, export: Export) -> bytes:
    async with context.db.tenant(workspace_id) as tx:
        found = await exports.fetchable(tx, workspace_id=workspace_id, export_id=export.id)
    chunks = await exports.content(context.storage, found, workspace_id=workspace_id)
    return b"".join([chunk async for chunk in chunks])


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_an_export_imported_elsewhere_is_the_same_people(
    context: JobContext, db: Database, workspace_id: int, other_workspace_id: int, monkeypatch
):
    """Formulas, phones with their plus, what looks guarded already: nothing runs, and nothing is lost."""
    monkeypatch.setattr(meaning, "STEP", 2)
    await make_lead(
        db,
        workspace_id,
        email="ana@example.com",
        phone="+5511987654321",
        name='=HYPERLINK("http://evil.example","x")',
        tags=("vip", "@home"),
        fields={"debt": "-5", "note": "'=1+1", "quoted": 'a "b", c\nd', "plus": "+1"},
    )
    await make_lead(db, workspace_id, external_id="=cmd|' /C calc'!A0", name="Zoë 🎉")
    await make_lead(db, workspace_id, phone="+5521987654321", status=LeadStatus.BLOCKED)
    for form in Format:
        done = await written(context, workspace_id, await start(db, workspace_id, format=form))
        assert (done.state, done.total, done.written) == (BulkState.DONE, 3, 3)
        content = await file_of(context, workspace_id, done)
        assert len(content) == done.file_size
        if form is Format.CSV:
            cells = [cell for row in table(content) for cell in row]
            assert "'+5511987654321" in cells
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(content))["Leads"]
            assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}
        async with db.tenant(other_workspace_id) as tx:
            await tx.execute(
                Query("none", ".", "DELETE FROM leads WHERE workspace_id = %(workspace_id)s"),
                workspace_id=other_workspace_id,
            )
            key = f"imports/{other_workspace_id}/{form}"
            await context.storage.put_piece(key, content)
            begun = await imports.start(
                tx,
                workspace_id=other_workspace_id,
                file_key=key,
                file_name=done.file_name,
                file_size=len(content),
            )
        await run(db, context.storage, workspace_id=other_workspace_id, import_id=begun.id)
        parts = ("email", "phone", "external_id", "name", "status", "tags", "fields")
        ours, theirs = [
            sorted(
                (tuple(getattr(lead, part) for part in parts) for lead in await all_leads(db, workspace)),
                key=str,
            )
            for workspace in (workspace_id, other_workspace_id)
        ]
        assert theirs == ours, form


async def test_filters_selections_segments_and_columns(
    context: JobContext, db: Database, workspace_id: int, other_workspace_id: int
):
    ana = await make_lead(db, workspace_id, email="ana@example.com", tags=("a", "b"), fields={"vip": True})
    bia = await make_lead(db, workspace_id, email="bia@example.com", tags=("a",), fields={"vip": False})
    await make_lead(db, workspace_id, email="cleo@example.com")
    await make_lead(db, other_workspace_id, email="dora@example.com", tags=("a",))
    tree = {"all": [{"on": "tag", "op": "any", "value": ["b"]}]}
    async with db.trusted() as tx:
        segment = await segments.create(tx, workspace_id=workspace_id, name="B", tree=tree)

    async def rows(**values) -> list[list[str]]:
        begun = await start(db, workspace_id, columns=["email", "fields.vip"], **values)
        await make_lead(db, workspace_id, tags=("a", "b"))  # Too late to be meant.
        done = await written(context, workspace_id, begun)
        header, *found = table(await file_of(context, workspace_id, done))
        assert header == ["email", "vip"]
        return found

    first, second = ["ana@example.com", "true"], ["bia@example.com", "false"]
    assert (await rows(wanted=Wanted(tag="a")))[:2] == [first, second]
    assert await rows(wanted=Wanted(lead_ids=[bia.id, ana.id])) == [first, second]
    assert await rows(wanted=Wanted(text="bia")) == [second]
    async with db.trusted() as tx:
        members = await segments.within(
            tx, workspace_id=workspace_id, segment_id=segment.id, wanted=Wanted(text="ana")
        )
    assert await rows(wanted=members) == [first]
    for columns in (["email", "email"], ["fields.none"], ["secret"]):
        with pytest.raises(Invalid):
            await start(db, workspace_id, columns=columns)


async def test_a_file_is_fetched_by_its_workspace_while_it_is_kept(
    context: JobContext, db: Database, workspace_id: int, other_workspace_id: int
):
    await make_lead(db, workspace_id)
    begun = await start(db, workspace_id)
    with pytest.raises(ExportNotReady):
        await file_of(context, workspace_id, begun)
    done = await written(context, workspace_id, begun)
    assert done.expires_at is not None
    assert done.expires_at - datetime.now(UTC) > model.KEPT - timedelta(hours=1)
    for door in (exports.get, exports.cancel, exports.fetchable):
        with pytest.raises(ExportNotFound):
            async with db.trusted() as tx:
                await door(tx, workspace_id=other_workspace_id, export_id=done.id)
    with pytest.raises(ExportOver):
        async with db.trusted() as tx:
            await exports.cancel(tx, workspace_id=workspace_id, export_id=done.id)
    assert await file_of(context, workspace_id, done)
    async with db.trusted() as tx:
        await tx.execute(AGE, workspace_id=workspace_id)
    with pytest.raises(ExportExpired):
        await file_of(context, workspace_id, done)
    await jobs.forget_files(context)
    with pytest.raises(ExportExpired):
        await file_of(context, workspace_id, done)
    with pytest.raises(FileMissing):
        _ = [chunk async for chunk in await exports.content(context.storage, done, workspace_id=workspace_id)]


async def test_a_stopped_export_leaves_no_file(context: JobContext, db: Database, workspace_id: int):
    await make_lead(db, workspace_id)
    begun = await start(db, workspace_id)
    async with db.trusted() as tx:
        await exports.cancel(tx, workspace_id=workspace_id, export_id=begun.id)
    assert (await written(context, workspace_id, begun)).state is BulkState.CANCELLED
    with pytest.raises(ExportNotReady):
        await file_of(context, workspace_id, begun)


async def test_a_sheet_has_an_end_and_says_so(
    context: JobContext, db: Database, workspace_id: int, monkeypatch
):
    await make_many_leads(db, workspace_id, 3, tags=("a",))
    tree = {"all": [{"on": "tag", "op": "any", "value": ["a"]}]}
    async with db.trusted() as tx:
        segment = await segments.create(tx, workspace_id=workspace_id, name="A", tree=tree)
    async with db.trusted() as tx:
        members = await segments.within(tx, workspace_id=workspace_id, segment_id=segment.id, wanted=Wanted())
    begun = await start(db, workspace_id, format=Format.XLSX, wanted=members)
    monkeypatch.setattr("mailgenius.product.exports.service.XLSX_LEADS", 2)
    monkeypatch.setattr("mailgenius.product.exports.formats.XLSX_LEADS", 2)
    for wanted in (members, Wanted()):
        with pytest.raises(SheetTooLong):
            await start(db, workspace_id, format=Format.XLSX, wanted=wanted)
    # Should there be more than was counted, the file says so too.
    failed = await written(context, workspace_id, begun)
    assert (failed.state, failed.total) == (BulkState.FAILED, 3)
    assert "Choose CSV" in failed.error
