"""One filter for all: what the list shows is what an act changes and what an export writes, exactly."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext
from mailgenius.product.exports import jobs as export_jobs, service as exports
from mailgenius.product.leads import jobs, service as leads
from mailgenius.product.leads.bulk_model import BulkAct, BulkState, LeadAct, Wanted
from mailgenius.product.leads.errors import BulkCountChanged
from mailgenius.product.leads.model import FieldType, LeadStatus, Span
from mailgenius.product.leads.service import meaning, searching
from mailgenius.product.segments import jobs as segment_jobs, service as segments
from mailgenius.product.segments.errors import SegmentNotFound
from mailgenius.product.segments.model import Segment
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import all_leads, make_lead, make_many_leads

NOW = datetime.now(UTC)
OLD = Span(until=NOW - timedelta(days=5))
RECENT = Span(since=NOW - timedelta(days=5))
AGED = Query(
    "age",
    "They came and changed long ago.",
    "UPDATE leads SET created_at = now() - interval '9 days', updated_at = now() - interval '9 days'"
    " WHERE workspace_id = %(workspace_id)s AND 'old' = ANY(tags)",
)
TREE = {
    "any": [
        {"on": "tag", "op": "any", "value": ["vip"]},
        {"on": "lead", "key": "name", "op": "is", "value": "Bia"},
    ]
}
FILTERS = {
    "everybody": Wanted(),
    "words": Wanted(text="ana"),
    "an address": Wanted(text="ana@example.com"),
    "a tag": Wanted(tag="vip"),
    "a status": Wanted(status=LeadStatus.BLOCKED),
    "a value": Wanted(fields={"city": "Recife"}),
    "values": Wanted(fields={"city": "Recife", "age": "3"}, tag="vip"),
    "added before": Wanted(created=OLD),
    "added since": Wanted(created=RECENT, text="ana"),
    "changed before": Wanted(updated=OLD, status=LeadStatus.ACTIVE),
    "changed since": Wanted(updated=RECENT),
    "nobody": Wanted(text="ana", created=OLD, updated=RECENT),
}


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "STEP", 5)
    monkeypatch.setattr(meaning, "STRETCH", 9)


@pytest.fixture
async def segment(db: Database, workspace_id: int, other_workspace_id: int) -> Segment:
    """Leads of all kinds, and a segment that some of them are in."""
    async with db.trusted() as tx:
        await leads.create_field(tx, workspace_id=workspace_id, label="Age", type=FieldType.NUMBER)
        await leads.create_field(tx, workspace_id=workspace_id, label="City", type=FieldType.TEXT)
    for tags in (("old",), ()):  # As ids are drawn, the old ones first.
        await make_lead(
            db, workspace_id, email=f"ana{''.join(tags)}@example.com", name="Ana", tags=(*tags, "vip")
        )
        values = {"city": "Recife", "age": 3}
        await make_lead(db, workspace_id, name="Bia", tags=(*tags, "vip"), fields=values)
        await make_lead(db, workspace_id, name="Bia", tags=tags, fields={"city": "Recife", "age": 4})
        await make_lead(db, workspace_id, name="Ana Cleo", tags=tags, status=LeadStatus.BLOCKED)
        await make_many_leads(db, workspace_id, 6, tags=(*tags, "vip"), name="Dora")
        await make_many_leads(db, workspace_id, 6, tags=tags, name="Eva")
    await make_many_leads(db, other_workspace_id, 3, tags=("vip",), name="Ana")
    async with db.trusted() as tx:
        await tx.execute(AGED, workspace_id=workspace_id)
        return await segments.create(tx, workspace_id=workspace_id, name="Some", tree=TREE)


async def ended(context: JobContext, workspace_id: int, act: BulkAct) -> BulkAct:
    run = jobs.bulk if act.match.segment is None else segment_jobs.act_on_members
    await run(context, workspace_id=workspace_id, act_id=act.id)
    async with context.db.tenant(workspace_id) as tx:
        return await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act.id)


async def listed(db: Database, workspace_id: int, wanted: Wanted, segment_id: int | None) -> set[int]:
    found: set[int] = set()
    cursor: str | None = None
    while True:
        async with db.trusted() as tx:
            page = await segments.list_leads(
                tx, workspace_id=workspace_id, segment_id=segment_id, wanted=wanted, limit=7, cursor=cursor
            )
        found |= {lead.id for lead in page.items}
        cursor = page.next_cursor
        if cursor is None:
            assert not page.total_is_estimate
            assert page.total == len(found)
            return found


async def exported(context: JobContext, workspace_id: int, meant: Wanted) -> set[int]:
    async with context.db.trusted() as tx:
        begun = await exports.start(tx, workspace_id=workspace_id, wanted=meant, columns=["lead_id"])
    await export_jobs.write(context, workspace_id=workspace_id, export_id=begun.id)
    async with context.db.tenant(workspace_id) as tx:
        done = await exports.fetchable(tx, workspace_id=workspace_id, export_id=begun.id)
    chunks = await exports.content(context.storage, done, workspace_id=workspace_id)
    text = b"".join([chunk async for chunk in chunks]).decode("utf-8-sig")
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert done.written == done.total == len(rows)
    return {int(lead_id) for (lead_id,) in rows}


async def test_what_the_list_shows_is_what_acts_and_exports_take(
    db: Database, context: JobContext, workspace_id: int, other_workspace_id: int, segment: Segment
):
    sizes = {}
    for narrowed in (None, segment.id):
        for name in FILTERS if narrowed is None else ("everybody", "words", "values", "changed since"):
            wanted = FILTERS[name]
            shown = await listed(db, workspace_id, wanted, narrowed)
            sizes[name, narrowed is not None] = len(shown)
            async with db.trusted() as tx:
                meant = await segments.within(
                    tx, workspace_id=workspace_id, segment_id=narrowed, wanted=wanted
                )
            assert await exported(context, workspace_id, meant) == shown, name
            async with db.trusted() as tx:
                act = await leads.start_bulk(
                    tx,
                    workspace_id=workspace_id,
                    act=LeadAct.ADD_TAGS,
                    wanted=meant,
                    tags=["done"],
                    expected=len(shown),
                )
                # A selection stays within the filter and the workspace.
                chosen = await leads.matching_counted(
                    tx, workspace_id=workspace_id, wanted=replace(meant, lead_ids=range(1, 50))
                )
            assert chosen.total == len(shown), name
            done = await ended(context, workspace_id, act)
            assert (done.state, done.total, done.done) == (BulkState.DONE, len(shown), len(shown)), name
            after = {lead.id for lead in await all_leads(db, workspace_id) if "done" in lead.tags}
            assert after == shown, name
            async with db.trusted() as tx:
                undone = await leads.start_bulk(
                    tx,
                    workspace_id=workspace_id,
                    act=LeadAct.REMOVE_TAGS,
                    wanted=Wanted(tag="done"),
                    tags=["done"],
                )
            await ended(context, workspace_id, undone)
            async with db.trusted() as tx:  # Being changed is part of what filters ask for.
                await tx.execute(AGED, workspace_id=workspace_id)
    assert sizes["everybody", False] == 32
    assert sizes["everybody", True] == 18
    assert {name for (name, narrowed), n in sizes.items() if not n and not narrowed} == {"nobody"}
    assert not [lead for lead in await all_leads(db, other_workspace_id) if "done" in lead.tags]


async def test_an_act_keeps_what_its_segment_said(
    db: Database, context: JobContext, workspace_id: int, other_workspace_id: int, segment: Segment
):
    """Deleting is counted to the last lead; the segment changes while it goes on; nobody else may name it."""
    async with db.trusted() as tx:
        with pytest.raises(SegmentNotFound):
            await segments.within(tx, workspace_id=other_workspace_id, segment_id=segment.id, wanted=Wanted())
    async with db.trusted() as tx:
        meant = await segments.within(
            tx, workspace_id=workspace_id, segment_id=segment.id, wanted=Wanted(created=OLD)
        )
        with pytest.raises(BulkCountChanged):
            await leads.start_bulk(
                tx, workspace_id=workspace_id, act=LeadAct.DELETE, wanted=meant, expected=8
            )
        act = await leads.start_bulk(
            tx, workspace_id=workspace_id, act=LeadAct.DELETE, wanted=meant, expected=9
        )
    assert await waiting_jobs(db, "segments.act_on_members") == [
        {"workspace_id": workspace_id, "act_id": act.id}
    ]
    with pytest.raises(LookupError):
        async with db.trusted() as tx:
            await leads.lay_out_part(tx, workspace_id=workspace_id, act_id=act.id)
    async with db.trusted() as tx:
        everybody = {"any": [{"on": "tag", "op": "none", "value": ["nothing"]}]}
        await segments.update(tx, workspace_id=workspace_id, segment_id=segment.id, tree=everybody)
    assert (await ended(context, workspace_id, act)).changed == 9
    assert len(await all_leads(db, workspace_id)) == 32 - 9


async def test_what_is_only_estimated_is_counted_by_the_end(
    db: Database, context: JobContext, workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(searching, "FEW", 3)
    await make_many_leads(db, workspace_id, 20, name="Ana", tags=("a",))
    wanted = Wanted(created=Span(since=NOW - timedelta(days=5)))
    async with db.trusted() as tx:
        act = await leads.start_bulk(
            tx, workspace_id=workspace_id, act=LeadAct.ADD_TAGS, wanted=wanted, tags=["x"]
        )
        counted = await leads.matching_counted(tx, workspace_id=workspace_id, wanted=wanted)
    assert act.total_is_estimate
    assert (counted.total, counted.total_is_estimate) == (20, False)
    done = await ended(context, workspace_id, act)
    assert (done.total, done.total_is_estimate, done.done) == (20, False, 20)


async def test_a_filter_that_says_nothing_sensible_is_refused(db: Database, workspace_id: int):
    for wanted in (Wanted(fields={"none": "x"}), Wanted(fields={f"f{n}": "x" for n in range(9)})):
        with pytest.raises(Invalid):
            async with db.trusted() as tx:
                await leads.start_bulk(
                    tx, workspace_id=workspace_id, act=LeadAct.ADD_TAGS, wanted=wanted, tags=["x"]
                )
