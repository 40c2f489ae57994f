"""Acts on all leads that match: each lead once, across kills, with a way back; nobody else's."""

import asyncio

import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext
from mailgenius.product.leads import jobs, service as leads
from mailgenius.product.leads.bulk_model import BulkAct, BulkState, LeadAct, Wanted
from mailgenius.product.leads.errors import BulkActNotFound, BulkActOver, BulkCountChanged, CannotUndo
from mailgenius.product.leads.model import FieldType, LeadStatus
from mailgenius.product.leads.service import meaning
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import all_leads, make_lead, make_many_leads

ACTIVITY = Query(
    "activity", "Whose.", "SELECT lead_id FROM lead_activity WHERE workspace_id = %(workspace_id)s"
)

FREE_PARTS = Query(
    "free-parts",
    "Parts that are in no hand.",
    "SELECT id FROM lead_bulk_parts WHERE workspace_id = %(workspace_id)s::bigint FOR UPDATE SKIP LOCKED",
)


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "STEP", 7)
    monkeypatch.setattr(meaning, "STRETCH", 20)


async def start(db: Database, workspace_id: int, act: LeadAct, **values) -> BulkAct:
    meant = Wanted(
        **{name: values.pop(name) for name in ("text", "tag", "lead_ids") if name in values},
        status=values.pop("status_is", None),
        fields=values.pop("having", {}),
    )
    async with db.trusted() as tx:
        return await leads.start_bulk(tx, workspace_id=workspace_id, act=act, wanted=meant, **values)


async def step(db: Database, workspace_id: int, act: BulkAct) -> bool:
    async with db.trusted() as tx:
        more = await leads.lay_out_part(tx, workspace_id=workspace_id, act_id=act.id)
    return await do_part(db, workspace_id, act) or more


async def do_part(db: Database, workspace_id: int, act: BulkAct) -> bool:
    async with db.trusted() as tx:
        return await leads.do_part(tx, workspace_id=workspace_id, act_id=act.id)


async def free_parts(db: Database, workspace_id: int) -> int:
    """How many parts of acts nobody has in hand."""
    async with db.trusted() as tx:
        return len(await tx.rows(FREE_PARTS, workspace_id=workspace_id))


async def undo(db: Database, workspace_id: int, act: BulkAct) -> BulkAct:
    async with db.trusted() as tx:
        return await leads.undo_bulk(tx, workspace_id=workspace_id, act_id=act.id)


async def finish(context: JobContext, workspace_id: int, act: BulkAct) -> BulkAct:
    """Run the job as the queue would."""
    await jobs.bulk(context, workspace_id=workspace_id, act_id=act.id)
    async with context.db.tenant(workspace_id) as tx:
        return await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act.id)


async def tagged(db: Database, workspace_id: int, tag: str) -> set[int]:
    return {lead.id for lead in await all_leads(db, workspace_id) if tag in lead.tags}


async def test_an_act_reaches_every_match_once_and_can_be_taken_back(
    db: Database, context: JobContext, workspace_id: int, other_workspace_id: int
):
    await make_many_leads(db, workspace_id, 30, tags=("a",))
    await make_many_leads(db, workspace_id, 25)
    had = await make_lead(db, workspace_id, tags=("a", "new"))
    await make_many_leads(db, other_workspace_id, 3, tags=("a",))
    act = await start(db, workspace_id, LeadAct.ADD_TAGS, tag="a", tags=["new"])
    assert (act.total, act.state) == (31, BulkState.QUEUED)
    assert await waiting_jobs(db, "leads.bulk") == [{"workspace_id": workspace_id, "act_id": act.id}]
    late = await make_lead(db, workspace_id, tags=("a",))
    # Killed in the middle: what was committed stays, and the next run goes on from there.
    assert await step(db, workspace_id, act)
    assert len(await tagged(db, workspace_id, "new")) == 1 + 7
    # One hand was torn away between two steps, another in the middle of one.
    async with db.trusted() as tx:
        assert await leads.lay_out_part(tx, workspace_id=workspace_id, act_id=act.id)
    with pytest.raises(LookupError):
        async with db.trusted() as tx:
            assert await leads.do_part(tx, workspace_id=workspace_id, act_id=act.id)
            raise LookupError
    assert await free_parts(db, workspace_id) == 1
    assert len(await tagged(db, workspace_id, "new")) == 1 + 7
    done = await finish(context, workspace_id, act)
    assert (done.state, done.done, done.changed) == (BulkState.DONE, 31, 30)
    assert await tagged(db, workspace_id, "new") == await tagged(db, workspace_id, "a") - {late.id}
    assert await tagged(db, other_workspace_id, "new") == set()
    assert not await step(db, workspace_id, act)

    back = await finish(context, workspace_id, await undo(db, workspace_id, done))
    assert (back.state, back.total, back.changed) == (BulkState.DONE, 30, 30)
    assert await tagged(db, workspace_id, "new") == {had.id}
    for over in (done, back):
        with pytest.raises(CannotUndo):
            await undo(db, workspace_id, over)


async def test_an_act_may_change_what_its_filter_asks_for(
    db: Database, context: JobContext, workspace_id: int
):
    await make_many_leads(db, workspace_id, 30, tags=("a",))
    off = await start(db, workspace_id, LeadAct.REMOVE_TAGS, tag="a", tags=["a"])
    assert (await finish(context, workspace_id, off)).changed == 30
    stop = await start(
        db, workspace_id, LeadAct.SET_STATUS, status_is=LeadStatus.ACTIVE, status=LeadStatus.BLOCKED
    )
    await finish(context, workspace_id, stop)
    assert {(lead.tags, lead.status) for lead in await all_leads(db, workspace_id)} == {
        ((), LeadStatus.BLOCKED)
    }


async def test_fields_are_set_in_their_form_on_a_selection(
    db: Database, context: JobContext, workspace_id: int
):
    async with db.trusted() as tx:
        await leads.create_field(tx, workspace_id=workspace_id, label="Age", type=FieldType.NUMBER)
    chosen = await make_lead(db, workspace_id, fields={"city": "Recife", "age": 3})
    same = await make_lead(db, workspace_id, fields={"age": 4})
    other = await make_lead(db, workspace_id, fields={"city": "Belém"})
    with pytest.raises(Invalid):
        await start(db, workspace_id, LeadAct.SET_FIELDS, fields={"age": "many"})
    act = await start(
        db,
        workspace_id,
        LeadAct.SET_FIELDS,
        fields={"age": "4", "city": None},
        lead_ids=[chosen.id, same.id, other.id + 1],
    )
    assert act.total == 2
    assert (await finish(context, workspace_id, act)).changed == 1
    assert [lead.fields for lead in await all_leads(db, workspace_id)] == [
        {"age": 4},
        {"age": 4},
        {"city": "Belém"},
    ]


async def test_acts_at_once_on_the_same_leads_both_reach_each_of_them(
    db: Database, context: JobContext, workspace_id: int
):
    await make_many_leads(db, workspace_id, 40)
    acts = [await start(db, workspace_id, LeadAct.ADD_TAGS, tags=[tag]) for tag in ("x", "y")]
    acts.append(
        await start(
            db,
            workspace_id,
            LeadAct.SET_STATUS,
            status=LeadStatus.BLOCKED,
            lead_ids=[lead.id for lead in reversed(await all_leads(db, workspace_id))],
        )
    )
    # The same act twice too: a worker that was believed dead may come back.
    ended = await asyncio.gather(*(finish(context, workspace_id, act) for act in (*acts, acts[0])))
    assert {(act.state, act.done, act.changed) for act in ended} == {(BulkState.DONE, 40, 40)}
    for lead in await all_leads(db, workspace_id):
        assert (set(lead.tags), lead.status) == ({"x", "y"}, LeadStatus.BLOCKED)


async def test_what_happened_to_leads_goes_with_them(db: Database, context: JobContext, workspace_id: int):
    gone, kept = await make_lead(db, workspace_id), await make_lead(db, workspace_id)
    await finish(context, workspace_id, await start(db, workspace_id, LeadAct.ADD_TAGS, tags=["a"]))
    async with db.tenant(workspace_id) as tx:
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[gone.id])
        assert [row[0] for row in await tx.rows(ACTIVITY, workspace_id=workspace_id)] == [kept.id]


async def test_deleting_asks_for_the_number(
    db: Database, context: JobContext, workspace_id: int, other_workspace_id: int
):
    for workspace in (workspace_id, other_workspace_id):
        await make_many_leads(db, workspace, 20, name="Ana Souza")
    kept = await make_lead(db, workspace_id, name="Bia")
    with pytest.raises(Invalid):
        await start(db, workspace_id, LeadAct.DELETE, text="ana")
    with pytest.raises(BulkCountChanged):
        await start(db, workspace_id, LeadAct.DELETE, text="ana", expected=21)
    gone = await start(db, workspace_id, LeadAct.DELETE, text="ana", expected=20)
    assert (await finish(context, workspace_id, gone)).changed == 20
    assert [lead.id for lead in await all_leads(db, workspace_id)] == [kept.id]
    assert len(await all_leads(db, other_workspace_id)) == 20
    with pytest.raises(CannotUndo):
        await undo(db, workspace_id, gone)


async def test_an_address_means_its_lead_only_as_in_the_list(
    db: Database, context: JobContext, workspace_id: int
):
    one = await make_lead(db, workspace_id, email="ana@example.com")
    await make_lead(db, workspace_id, email="ana@example.com.br")
    act = await start(db, workspace_id, LeadAct.ADD_TAGS, text="ana@example.com", tags=["x"])
    assert act.total == 1
    await finish(context, workspace_id, act)
    assert await tagged(db, workspace_id, "x") == {one.id}


async def test_a_stopped_act_stays_stopped(
    db: Database, context: JobContext, workspace_id: int, other_workspace_id: int
):
    await make_many_leads(db, workspace_id, 20)
    act = await start(db, workspace_id, LeadAct.ADD_TAGS, tags=["x"])
    await step(db, workspace_id, act)
    for door in (leads.cancel_bulk, leads.undo_bulk, leads.bulk_act):
        with pytest.raises(BulkActNotFound):
            async with db.trusted() as tx:
                await door(tx, workspace_id=other_workspace_id, act_id=act.id)
    with pytest.raises(CannotUndo):
        await undo(db, workspace_id, act)
    async with db.trusted() as tx:
        await leads.lay_out_part(tx, workspace_id=workspace_id, act_id=act.id)
    # A hand that is in the middle of its part gives it up.
    held = sorted(lead.id for lead in await all_leads(db, workspace_id))[10]
    async with db.trusted() as holder:
        await leads.add_tags(holder, workspace_id=workspace_id, lead_ids=[held], tags=["held"])
        hand = asyncio.create_task(do_part(db, workspace_id, act))
        while await free_parts(db, workspace_id):
            await asyncio.sleep(0.02)
        async with db.trusted() as tx:
            await leads.cancel_bulk(tx, workspace_id=workspace_id, act_id=act.id)
    with pytest.raises(BulkActOver):
        await hand
    stopped = await finish(context, workspace_id, act)
    assert (stopped.state, stopped.changed) == (BulkState.CANCELLED, 7)
    assert len(await tagged(db, workspace_id, "x")) == 7
    assert not await free_parts(db, workspace_id)
    with pytest.raises(BulkActOver):
        async with db.trusted() as tx:
            await leads.cancel_bulk(tx, workspace_id=workspace_id, act_id=act.id)
    assert (await finish(context, workspace_id, await undo(db, workspace_id, stopped))).changed == 7
    assert await tagged(db, workspace_id, "x") == set()


@pytest.mark.parametrize(
    ("act", "values"),
    [
        (LeadAct.SET_FIELDS, {}),
        (LeadAct.ADD_TAGS, {}),
        (LeadAct.REMOVE_TAGS, {"tags": [" "]}),
        (LeadAct.SET_STATUS, {}),
    ],
)
async def test_what_an_act_needs_is_asked_for(db: Database, workspace_id: int, act: LeadAct, values: dict):
    with pytest.raises(Invalid):
        await start(db, workspace_id, act, **values)
