"""Merges beside campaigns under way: one message for one person, and mails already sent work as before."""

from uuid import uuid4

from mailgenius.engine.dispatch.window import read_gate
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import QueuedMessage
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind
from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.leads import jobs, service as leads
from mailgenius.product.leads.model import LeadStatus
from tests.engine.ledger.test_protocol import conserved
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import make_lead, make_many_leads
from tests.factories.tracking import store_messages, store_order
from tests.product.joins.people import join

WRITTEN = Query(
    "written",
    "Messages of an order to a lead, oldest first.",
    "SELECT id, state, address FROM messages WHERE order_id = %(order_id)s AND lead_id = %(lead_id)s"
    " ORDER BY id",
)
LEASE = Query(
    "lease", "An engine holds all batches.", "UPDATE batches SET state = 'leased', lease_owner = 'e'"
)
DID = Query("did", "By lead.", "SELECT lead_id, kind FROM tracking_events ORDER BY id")


async def launched(
    db: Database, keys: Keys, workspace_id: int, *, to_the_end: bool = True
) -> tuple[int, int]:
    """Launch a campaign to everybody and write its audience down; return (campaign, order)."""
    connection = await make_sandbox(db, keys, workspace_id, name=str(uuid4()))
    campaign = await make_campaign(db, keys, workspace_id, connection_id=connection.id)
    async with db.trusted() as tx:
        done = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    await frozen(db, workspace_id, campaign.id, to_the_end=to_the_end)
    return campaign.id, done.order_id or 0


async def frozen(db: Database, workspace_id: int, campaign_id: int, *, to_the_end: bool = True) -> None:
    more = True
    while more:
        async with db.trusted() as tx:
            more = await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        more = more and to_the_end


async def written(db: Database, order_id: int, lead_id: int) -> list[tuple[int, str, str]]:
    async with db.trusted() as tx:
        return await tx.rows(WRITTEN, order_id=order_id, lead_id=lead_id)


async def test_of_two_waiting_messages_one_is_called_off(db: Database, keys: Keys, workspace_id: int):
    kept = await make_lead(db, workspace_id, email="old@example.com")
    other = await make_lead(db, workspace_id, email="new@example.com")
    _, order_id = await launched(db, keys, workspace_id)
    done = await join(db, workspace_id, kept.id, other.id, email="other")
    assert done.called_off == 1
    # The one to an address that the lead still has stays.
    assert [row[1:] for row in await written(db, order_id, kept.id)] == [
        ("cancelled", "old@example.com"),
        ("queued", "new@example.com"),
    ]
    assert await conserved(db)


async def test_who_was_written_down_is_not_written_down_again_as_another(
    db: Database, keys: Keys, workspace_id: int
):
    first = await make_lead(db, workspace_id, email="first@example.com")
    await make_many_leads(db, workspace_id, 500)
    last = await make_lead(db, workspace_id, email="last@example.com")
    campaign_id, order_id = await launched(db, keys, workspace_id, to_the_end=False)
    assert (await join(db, workspace_id, last.id, first.id)).called_off == 0
    await frozen(db, workspace_id, campaign_id)
    assert [row[1:] for row in await written(db, order_id, last.id)] == [("queued", "first@example.com")]
    async with db.trusted() as tx:
        campaign = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    assert campaign.frozen_count == 501


async def test_an_engine_that_holds_the_batch_sends_one_of_both(db: Database, keys: Keys, workspace_id: int):
    kept = await make_lead(db, workspace_id, name="Kept")
    other = await make_lead(db, workspace_id, name="Other")
    _, order_id = await launched(db, keys, workspace_id)
    alone = await make_lead(db, workspace_id, name="Alone")
    _, second = await launched(db, keys, workspace_id)
    window = [
        QueuedMessage(
            id=(await written(db, order, lead.id))[0][0], lead_id=lead.id, address="a@x.com", attempts=0
        )
        for order, lead in ((order_id, kept), (order_id, other), (second, alone))
    ]
    async with db.trusted() as tx:
        await tx.execute(LEASE)
    assert (await join(db, workspace_id, kept.id, other.id)).called_off == 0
    late = await make_lead(db, workspace_id, name="Late")
    await join(db, workspace_id, late.id, alone.id)
    async with db.trusted() as tx:
        order = await ledger.get_order(tx, workspace_id=workspace_id, order_id=order_id)
        gate = await read_gate(tx, order=order, window=window, recipients=leads)
    assert gate.twins == {window[1].id}
    assert {lead_id: lead.data["name"] for lead_id, lead in gate.leads.items()} == {
        kept.id: "Kept",
        alone.id: "Late",
    }


async def test_mails_already_sent_count_for_the_kept_lead_and_still_unsubscribe(
    services: Services, db: Database, workspace_id: int
):
    order_id = await store_order(db, workspace_id)
    ((message_id, other_id),) = await store_messages(db, workspace_id, order_id, ["old@example.com"])
    kept = await make_lead(db, workspace_id, email="new@example.com")
    leaving = TrackedEvent(
        kind=TrackingKind.UNSUBSCRIBE,
        workspace_id=workspace_id,
        order_id=order_id,
        message_id=message_id,
        at=clock.now(),
    )
    async with db.trusted() as tx:
        await tracking.unsubscribe(tx, event=leaving)
    # The news of it are under way while the leads are merged, and name the one that goes.
    await join(db, workspace_id, kept.id, other_id)
    click = TrackedEvent(
        kind=TrackingKind.CLICK,
        workspace_id=workspace_id,
        order_id=order_id,
        message_id=message_id,
        at=clock.now(),
    )
    async with db.trusted() as tx:
        assert await tracking.record(tx, events=[click]) == 1
        assert await tx.rows(DID) == [(kept.id, "unsubscribe"), (kept.id, "click")]
    (news,) = await waiting_jobs(db, "leads.on_unsubscribed")
    assert news["lead_id"] == other_id
    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    await jobs.on_unsubscribed(context, **news)
    async with db.trusted() as tx:
        listed = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="email", addresses=["old@example.com", "new@example.com"]
        )
        lead = await leads.get(tx, workspace_id=workspace_id, lead_id=kept.id)
    assert set(listed) == {"old@example.com"}
    assert lead.status is LeadStatus.UNSUBSCRIBED
