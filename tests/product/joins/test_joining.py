"""Two leads become one: whose values stay, what is never given up, and that everything known follows."""

import asyncio
import random
from datetime import timedelta

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.joins import jobs
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import LeadJoined, LeadNotFound, SameLead
from mailgenius.product.leads.model import LeadInput, LeadStatus
from mailgenius.product.preferences import service as preferences
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import all_leads, make_lead
from tests.factories.tracking import store_order
from tests.product.joins.people import CHOICE, EVENT, MESSAGE, history_of, join, lead_with_history

PHONE = "+5511987654321"
MOVED_BY_A_MERGE = {
    "consent_entries",
    "consent_states",
    "form_submissions",
    "lead_activity",
    "lead_preferences",
    "messages",
    "tracking_events",
}
"""Who adds a table with a lead in it says here, and in `product/joins`, what a merge does with its rows."""
ONE_FOR_EACH = {"consent_states", "lead_preferences"}
"""Tables in which two leads may have the same key: the rows become one, by a rule."""


async def status_of(db: Database, workspace_id: int, lead_id: int, status: LeadStatus) -> None:
    async with db.tenant(workspace_id) as tx:
        await leads.set_status(tx, workspace_id=workspace_id, lead_ids=[lead_id], status=status)


async def say(db: Database, workspace_id: int, lead_id: int, act: ConsentAct, **values) -> None:
    said = Statement(lead_id=lead_id, act=act, way=Way.API, **{"channel": "email", **values})
    async with db.tenant(workspace_id) as tx:
        await leads.state_consent(tx, workspace_id=workspace_id, statement=said)


async def consent_of(db: Database, workspace_id: int, lead_id: int) -> dict[str, tuple[str, str]]:
    async with db.tenant(workspace_id) as tx:
        known = await consents.states(tx, workspace_id=workspace_id, lead_ids=[lead_id])
    return {each.channel: (each.act.value, each.source) for each in known}


async def stopped(db: Database, workspace_id: int, *addresses: str) -> dict[str, str]:
    async with db.tenant(workspace_id) as tx:
        found = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel=Channel.EMAIL, addresses=addresses
        )
    return {address: reason.value for address, reason in found.items()}


async def test_every_row_of_a_history_follows_and_none_is_lost(
    db: Database, workspace_id: int, other_workspace_id: int
):
    dice = random.Random(7)
    bystander = await lead_with_history(db, workspace_id, random.Random(1))
    seen = await history_of(db, workspace_id, bystander.id)
    assert seen.keys() <= MOVED_BY_A_MERGE, "a table with a lead in it that no merge knows"
    for n in range(6):
        kept = await lead_with_history(db, workspace_id, dice, email=f"a{n}@example.com")
        other = await lead_with_history(db, workspace_id, dice, email=f"b{n}@example.com")
        before = await history_of(db, workspace_id, kept.id, other.id)
        done = await join(db, workspace_id, kept.id, other.id)
        after = await history_of(db, workspace_id, kept.id)
        assert not any((await history_of(db, workspace_id, other.id)).values())
        assert after.pop("lead_activity") >= before.pop("lead_activity") + 1
        for table, rows in before.items():
            assert after[table] <= rows if table in ONE_FOR_EACH else after[table] == rows, table
        assert done.moved.messages + done.moved.consents <= before["messages"] + before["consent_entries"]
    assert await history_of(db, workspace_id, bystander.id) == seen
    async with db.tenant(workspace_id) as tx:
        counts = await leads.counts(tx, workspace_id=workspace_id)
    assert sum(counts.values()) == len(await all_leads(db, workspace_id)) == 7


async def test_values_stay_as_chosen_and_where_only_one_lead_has_one(db: Database, workspace_id: int):
    kept = await make_lead(
        db,
        workspace_id,
        email="ana@work.com",
        name="Ana",
        tags=("x", "y"),
        fields={"city": "Recife", "age": "3"},
    )
    other = await make_lead(
        db,
        workspace_id,
        email="ana@home.com",
        phone=PHONE,
        name="Ana B",
        tags=("y", "z"),
        fields={"city": "Natal"},
    )
    done = await join(db, workspace_id, kept.id, other.id, email="other", fields__city="other", phone="kept")
    lead = done.lead
    assert (lead.id, lead.email, lead.phone, lead.name) == (kept.id, "ana@home.com", PHONE, "Ana")
    assert (lead.tags, lead.fields) == (("x", "y", "z"), {"city": "Natal", "age": "3"})
    async with db.tenant(workspace_id) as tx:
        (newest, *_) = await leads.activity(tx, workspace_id=workspace_id, lead_id=kept.id)
        with pytest.raises(LeadJoined) as gone:
            await leads.get(tx, workspace_id=workspace_id, lead_id=other.id)
    assert gone.value.kept_id == kept.id
    # What was given up stands in the activity, and nowhere else.
    assert (newest.kind, newest.detail["lead_id"]) == ("merged", str(other.id))
    assert newest.detail["left"] == {"email": "ana@work.com", "name": "Ana B", "fields.city": "Recife"}
    third = await make_lead(db, workspace_id)
    with pytest.raises(Invalid) as unclear:
        await join(db, workspace_id, kept.id, third.id, fields__shoes="other")
    assert unclear.value.problems[0].field == "choices.fields.shoes"
    # A merged lead goes on: whoever went into it is found in the last one.
    await join(db, workspace_id, third.id, kept.id)
    async with db.tenant(workspace_id) as tx:
        assert await leads.kept_id(tx, workspace_id=workspace_id, lead_id=other.id) == third.id
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[third.id])
        with pytest.raises(LeadNotFound) as missing:
            await leads.get(tx, workspace_id=workspace_id, lead_id=other.id)
    assert not isinstance(missing.value, LeadJoined)


@pytest.mark.parametrize(
    ("mine", "theirs", "stays"),
    [
        ("active", "active", "active"),
        ("active", "unsubscribed", "unsubscribed"),
        ("complained", "unsubscribed", "complained"),
        ("bounced", "active", "bounced"),
        ("unsubscribed", "bounced", "unsubscribed"),
        ("blocked", "complained", "blocked"),
    ],
)
async def test_the_stricter_status_stays_and_stops_every_address(
    db: Database, workspace_id: int, mine: str, theirs: str, stays: str
):
    kept = await make_lead(db, workspace_id, email="a@example.com")
    other = await make_lead(db, workspace_id, email="b@example.com")
    for lead, status in ((kept, mine), (other, theirs)):
        if status != "active":
            await status_of(db, workspace_id, lead.id, LeadStatus(status))
    done = await join(db, workspace_id, kept.id, other.id)
    assert done.lead.status == stays
    listed = await stopped(db, workspace_id, "a@example.com", "b@example.com")
    # A bounce is said of an address; the rest of a person, wherever they are written to.
    assert set(listed) == {
        "bounced": {"a@example.com"},
        "active": set(),
    }.get(stays, {"a@example.com", "b@example.com"})


async def test_the_newest_consent_holds_but_no_withdrawal_is_turned_around(db: Database, workspace_id: int):
    earlier = clock.now() - timedelta(days=9)
    kept = await make_lead(db, workspace_id, email="a@example.com", phone=PHONE)
    other = await make_lead(db, workspace_id, email="b@example.com")
    await say(db, workspace_id, kept.id, ConsentAct.GIVEN, source="old", at=earlier)
    await say(db, workspace_id, other.id, ConsentAct.GIVEN, source="new")
    # The other has no phone: its withdrawal stopped nothing so far.
    await say(db, workspace_id, other.id, ConsentAct.WITHDRAWN, channel="sms", source="desk", at=earlier)
    await say(db, workspace_id, kept.id, ConsentAct.GIVEN, channel="sms", source="fair")
    done = await join(db, workspace_id, kept.id, other.id)
    assert await consent_of(db, workspace_id, kept.id) == {
        "email": ("given", "new"),
        "sms": ("withdrawn", "desk"),
    }
    assert done.lead.consent_source == "new"
    async with db.tenant(workspace_id) as tx:
        listed = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel=Channel.SMS, addresses=[PHONE]
        )
        page = await consents.entries(tx, workspace_id=workspace_id, lead_id=kept.id)
    assert listed[PHONE].value == "unsubscribed"
    assert len(page.items) == 4


async def test_of_what_two_leads_prefer_the_stricter_holds(db: Database, workspace_id: int):
    kept, other = [await make_lead(db, workspace_id) for _ in range(2)]
    mine = {"topics_in": [1, 2], "topics_out": [5], "frequency": "week", "language": "en"}
    theirs = {"topics_in": [3, 5], "topics_out": [2], "frequency": "month", "language": "pt-BR"}
    async with db.trusted() as tx:
        await tx.execute(CHOICE, workspace_id=workspace_id, lead_id=kept.id, **mine)
        await tx.execute(CHOICE, workspace_id=workspace_id, lead_id=other.id, **theirs)
    await join(db, workspace_id, kept.id, other.id)
    async with db.tenant(workspace_id) as tx:
        chosen = await preferences.choices(tx, workspace_id=workspace_id, lead_id=kept.id)
    assert (set(chosen.topics_in), set(chosen.topics_out)) == ({1, 3}, {2, 5})
    assert (chosen.frequency, chosen.language) == ("month", "en")


async def test_who_is_merged_twice_wrongly_or_from_elsewhere_is_refused(
    db: Database, workspace_id: int, other_workspace_id: int
):
    kept, other, third = [await make_lead(db, workspace_id) for _ in range(3)]
    theirs = await make_lead(db, other_workspace_id)
    with pytest.raises(SameLead):
        await join(db, workspace_id, kept.id, kept.id)
    for pair in ((kept.id, theirs.id), (theirs.id, kept.id)):
        with pytest.raises(LeadNotFound):
            await join(db, workspace_id, *pair)
    # Two at once about the same lead, and one the other way round: one of them is first.
    tries = await asyncio.gather(
        join(db, workspace_id, kept.id, other.id),
        join(db, workspace_id, other.id, kept.id),
        join(db, workspace_id, third.id, other.id),
        return_exceptions=True,
    )
    refused = [each for each in tries if isinstance(each, BaseException)]
    assert all(isinstance(each, LeadJoined) for each in refused), refused
    people = await all_leads(db, workspace_id)
    assert len(people) == 3 - (3 - len(refused))
    async with db.tenant(workspace_id) as tx:
        where = {
            await leads.kept_id(tx, workspace_id=workspace_id, lead_id=each.id)
            for each in (kept, other, third)
        }
    assert where == {each.id for each in people}
    assert [each.id for each in await all_leads(db, other_workspace_id)] == [theirs.id]


async def test_a_merge_and_batches_that_touch_both_leads_wait_for_each_other(db: Database, workspace_id: int):
    pairs = [
        (
            await make_lead(db, workspace_id, email=f"p{n}@example.com"),
            await make_lead(db, workspace_id, external_id=f"x{n}", phone=f"+55119800000{n:02}"),
        )
        for n in range(8)
    ]

    async def batches(tag: str) -> None:
        for _ in range(4):
            rows = [
                row
                for n in range(8)
                for row in (
                    LeadInput(email=f"p{n}@example.com", tags=(tag,)),
                    LeadInput(phone=f"+55119800000{n:02}", tags=(tag,)),
                )
            ]
            random.Random(tag).shuffle(rows)
            async with db.tenant(workspace_id) as tx:
                await leads.upsert_batch(tx, workspace_id=workspace_id, leads=rows)

    async def merges() -> None:
        for kept, other in pairs:
            await join(db, workspace_id, kept.id, other.id)

    await asyncio.gather(batches("one"), batches("two"), merges())
    await batches("last")
    people = await all_leads(db, workspace_id)
    assert [each.id for each in people] == [kept.id for kept, _ in pairs]
    assert all({"one", "two", "last"} <= set(each.tags) and each.phone for each in people)


async def test_a_row_of_two_leads_names_both_and_fits_once_they_are_one(db: Database, workspace_id: int):
    ana = await make_lead(db, workspace_id, email="ana@example.com")
    bia = await make_lead(db, workspace_id, phone=PHONE)
    # What somebody calls a lead in their own system is not taken for an id of ours.
    tricky = await make_lead(db, workspace_id, external_id=f"belongs to lead {bia.id}")
    rows = [
        LeadInput(email="ana@example.com", phone=PHONE),
        LeadInput(external_id=tricky.external_id, email="ana@example.com"),
    ]
    async with db.tenant(workspace_id) as tx:
        done = await leads.upsert_batch(tx, workspace_id=workspace_id, leads=rows)
    assert [leads.named_in(each.reason) for each in done.rejected] == [[ana.id, bia.id], [tricky.id, ana.id]]
    await join(db, workspace_id, ana.id, bia.id)
    async with db.tenant(workspace_id) as tx:
        done = await leads.upsert_batch(tx, workspace_id=workspace_id, leads=rows[:1])
    assert (done.unchanged, done.rejected) == (1, [])


async def test_what_was_written_meanwhile_follows_a_little_later(
    services: Services, db: Database, workspace_id: int
):
    kept, other = [await make_lead(db, workspace_id) for _ in range(2)]
    await join(db, workspace_id, kept.id, other.id)
    order_id = await store_order(db, workspace_id)
    names = {"workspace_id": workspace_id, "order_id": order_id, "lead_id": other.id}
    async with db.trusted() as tx:
        message_id = await tx.value(MESSAGE, **names)
        await tx.execute(EVENT, **names, message_id=message_id)
    (job,) = await waiting_jobs(db, "joins.gather_late")
    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    for _ in range(2):
        await jobs.gather_late(context, **job)
    found = await history_of(db, workspace_id, kept.id)
    assert (found["messages"], found["tracking_events"]) == (1, 1)
