"""Changes by name: one lead's values, tags, status, deletion, and what news of the engine does."""

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.feedback.model import AddressesStopped
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.tracking.model import RecipientReturned, RecipientUnsubscribed
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Invalid
from mailgenius.kit.jobs import JobContext
from mailgenius.product.leads import jobs, service as leads
from mailgenius.product.leads.errors import IdentityConflict, LeadNotFound
from mailgenius.product.leads.model import LeadInput, LeadStatus
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import all_leads, make_lead, make_leads

PHONE = "+5511987654321"


async def update(db: Database, workspace_id: int, lead_id: int, **values):
    async with db.tenant(workspace_id) as tx:
        return await leads.update(tx, workspace_id=workspace_id, lead_id=lead_id, changes=LeadInput(**values))


async def set_status(db: Database, workspace_id: int, lead_ids: list[int], status: LeadStatus) -> int:
    async with db.tenant(workspace_id) as tx:
        return await leads.set_status(tx, workspace_id=workspace_id, lead_ids=lead_ids, status=status)


async def suppressed(db: Database, workspace_id: int, channel: Channel, address: str) -> str | None:
    async with db.tenant(workspace_id) as tx:
        found = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel=channel, addresses=[address]
        )
    return found.get(address)


async def kinds(db: Database, workspace_id: int, lead_id: int) -> list[str]:
    async with db.tenant(workspace_id) as tx:
        happened = await leads.activity(tx, workspace_id=workspace_id, lead_id=lead_id)
    return [item.kind for item in happened]


async def test_a_lead_is_edited_value_by_value(db: Database, workspace_id: int):
    lead = await make_lead(
        db,
        workspace_id,
        email="a@example.com",
        phone=PHONE,
        name="Ana",
        tags=("x",),
        fields={"city": "Recife", "age": 3},
    )
    changed = await update(
        db,
        workspace_id,
        lead.id,
        email="B@example.com",
        phone="",
        name="",
        tags=("y",),
        fields={"age": None, "k": 1},
    )
    assert (changed.email, changed.phone, changed.name, changed.tags) == ("b@example.com", None, "", ("y",))
    assert changed.fields == {"city": "Recife", "k": 1}
    same = await update(db, workspace_id, lead.id, name="", email="b@example.com")
    assert same == changed
    assert await kinds(db, workspace_id, lead.id) == ["updated", "created"]


async def test_an_edit_is_checked(db: Database, workspace_id: int, other_workspace_id: int):
    lead, other = await make_leads(db, workspace_id, 2)
    with pytest.raises(IdentityConflict, match="another lead has this e-mail"):
        await update(db, workspace_id, lead.id, email=other.email)
    with pytest.raises(Invalid):
        await update(db, workspace_id, lead.id, email="")
    with pytest.raises(Invalid):
        await update(db, workspace_id, lead.id, phone="12")
    for step in (
        update(db, other_workspace_id, lead.id, name="x"),
        update(db, workspace_id, 10**12, name="x"),
    ):
        with pytest.raises(LeadNotFound):
            await step
    assert await all_leads(db, workspace_id) == [lead, other]


async def test_tags_are_added_and_removed_once(db: Database, workspace_id: int, other_workspace_id: int):
    lead, other = await make_leads(db, workspace_id, 2, tags=("a",))
    ids = [lead.id, other.id]
    async with db.tenant(workspace_id) as tx:
        assert await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=ids, tags=["b", " a "]) == 2
        assert await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=ids, tags=["b"]) == 0
        assert await leads.remove_tags(tx, workspace_id=workspace_id, lead_ids=[lead.id], tags=["a"]) == 1
        with pytest.raises(Invalid):
            await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=ids, tags=[" "])
    async with db.tenant(other_workspace_id) as tx:
        assert await leads.add_tags(tx, workspace_id=other_workspace_id, lead_ids=ids, tags=["c"]) == 0
        assert await leads.remove_tags(tx, workspace_id=other_workspace_id, lead_ids=ids, tags=["b"]) == 0
        assert await leads.delete(tx, workspace_id=other_workspace_id, lead_ids=ids) == 0
        assert await leads.tags(tx, workspace_id=other_workspace_id) == []
    assert [found.tags for found in await all_leads(db, workspace_id)] == [("b",), ("a", "b")]
    async with db.tenant(workspace_id) as tx:
        assert [(tag.tag, tag.n) for tag in await leads.tags(tx, workspace_id=workspace_id)] == [
            ("a", 1),
            ("b", 2),
        ]


async def test_status_and_suppression_go_together(db: Database, workspace_id: int, other_workspace_id: int):
    lead = await make_lead(db, workspace_id, email="a@example.com", phone=PHONE)
    assert await set_status(db, other_workspace_id, [lead.id], LeadStatus.BLOCKED) == 0
    assert await set_status(db, workspace_id, [lead.id], LeadStatus.BLOCKED) == 1
    for channel, address in (
        (Channel.EMAIL, "a@example.com"),
        (Channel.SMS, PHONE),
        (Channel.WHATSAPP, PHONE),
    ):
        assert await suppressed(db, workspace_id, channel, address) == "blocked"
        assert await suppressed(db, other_workspace_id, channel, address) is None
    async with db.tenant(workspace_id) as tx:
        counts = await leads.counts(tx, workspace_id=workspace_id)
    assert counts == {status: int(status is LeadStatus.BLOCKED) for status in LeadStatus}
    back = await update(db, workspace_id, lead.id, status=LeadStatus.ACTIVE)
    assert back.status is LeadStatus.ACTIVE
    assert await suppressed(db, workspace_id, Channel.EMAIL, "a@example.com") is None
    assert await kinds(db, workspace_id, lead.id) == ["status", "status", "created"]


async def test_counters_follow_every_change_and_fold(db: Database, workspace_id: int):
    made = await make_leads(db, workspace_id, 5, tags=("a", "b"))
    async with db.tenant(workspace_id) as tx:
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[made[0].id, made[1].id])
        await leads.remove_tags(tx, workspace_id=workspace_id, lead_ids=[made[2].id], tags=["b"])
    await set_status(db, workspace_id, [made[3].id], LeadStatus.COMPLAINED)
    for _ in range(2):
        async with db.tenant(workspace_id) as tx:
            counts = await leads.counts(tx, workspace_id=workspace_id)
            tags = await leads.tags(tx, workspace_id=workspace_id)
        assert (counts[LeadStatus.ACTIVE], counts[LeadStatus.COMPLAINED]) == (2, 1)
        assert [(tag.tag, tag.n) for tag in tags] == [("a", 3), ("b", 2)]
        async with db.trusted() as tx:
            await leads.fold_counts(tx)


async def test_news_of_the_engine_reach_the_lead(db: Database, context: JobContext, workspace_id: int):
    lead = await make_lead(db, workspace_id, email="a@example.com")
    about = {"workspace_id": workspace_id, "lead_id": lead.id, "channel": "email", "address": "a@example.com"}

    async def status() -> tuple[str, int]:
        (found,) = await all_leads(db, workspace_id)
        return found.status.value, len(await kinds(db, workspace_id, lead.id))

    async with db.trusted() as tx:
        await suppression.add(
            tx, workspace_id=workspace_id, channel="email", addresses=["a@example.com"], reason="unsubscribed"
        )
        for event in (
            RecipientUnsubscribed(**about, message_id=1),
            RecipientReturned(**about, message_id=1),
            AddressesStopped(
                workspace_id=workspace_id, channel="email", addresses={"a@example.com": "no such user"}
            ),
        ):
            await tx.publish(event)
    for name in ("leads.on_unsubscribed", "leads.on_returned", "leads.on_addresses_stopped"):
        assert len(await waiting_jobs(db, name)) == 1
    (args,) = await waiting_jobs(db, "leads.on_unsubscribed")
    await jobs.on_unsubscribed(context, **args)
    await jobs.on_unsubscribed(context, **args)
    assert await status() == ("unsubscribed", 2)
    async with db.trusted() as tx:
        await suppression.remove(tx, workspace_id=workspace_id, channel="email", addresses=["a@example.com"])
    # The news come in any order, and late: the list decides.
    await jobs.on_unsubscribed(context, **args)
    assert await status() == ("active", 3)
    await jobs.on_returned(context, **args)
    assert await status() == ("active", 3)
    async with db.trusted() as tx:
        await suppression.add(
            tx, workspace_id=workspace_id, channel="email", addresses=["a@example.com"], reason="bounced"
        )
    (args,) = await waiting_jobs(db, "leads.on_addresses_stopped")
    await jobs.on_addresses_stopped(context, **args)
    assert await status() == ("bounced", 4)
