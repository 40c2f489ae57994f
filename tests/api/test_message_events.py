"""What operators tell of messages that have left: once each, in any order, and with what follows."""

from datetime import timedelta

import httpx
import pytest

from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageState, OrderState
from mailgenius.engine.pacing import deciding
from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.jobs import JobContext
from mailgenius.product.analytics import service as analytics
from mailgenius.product.campaigns import jobs as campaign_jobs, service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.leads import jobs as lead_jobs, service as leads
from mailgenius.product.leads.model import LeadInput, LeadStatus
from tests.engine.ledger.test_protocol import claim, conserved, finish, open_window, settlement
from tests.factories.campaigns import make_campaign
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import make_many_leads

LEFT, WAITING = 40, 20


@pytest.fixture
async def campaign(db: Database, keys: Keys, workspace_id: int) -> Campaign:
    """A campaign of which 40 messages have left and 20 wait. More than 5 % complaints stop it."""
    await make_many_leads(db, workspace_id, LEFT + WAITING)
    made = await make_campaign(db, keys, workspace_id)
    rules = SendingRules(complaint_percent=5, complaint_after=20, bounce_percent=10, bounce_after=20)
    async with db.trusted() as tx:
        await deciding.set_sending_rules(tx, workspace_id=workspace_id, rules=rules)
        made = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=made.id)
        await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=made.id)
    look = await claim(db)
    assert look.claim
    left = look.messages[:LEFT]
    await open_window(db, look.claim, left)
    await finish(db, look.claim, [settlement(message) for message in left])
    return made


async def messages_of(db: Database, campaign: Campaign, workspace_id: int, state: str) -> list[str]:
    async with db.trusted() as tx:
        page = await campaigns.messages(
            tx,
            workspace_id=workspace_id,
            campaign_id=campaign.id,
            state=MessageState(state),
            limit=100,
        )
    return [str(row.id) for row in page.items]


async def tell(client: httpx.AsyncClient, message_id: str, event: str, **more: str) -> str:
    answer = await client.post(f"/api/v1/messages/{message_id}/events", json={"event": event, **more})
    assert answer.status_code == 200, answer.text
    outcome: str = answer.json()["outcome"]
    return outcome


async def test_complaints_of_a_running_campaign_pause_it_and_resume_starts_the_count_anew(
    client: httpx.AsyncClient, db: Database, context: JobContext, campaign: Campaign, workspace_id: int
):
    order_id = campaign.order_id or 0
    left = await messages_of(db, campaign, workspace_id, "accepted")
    assert [await tell(client, each, "complaint") for each in left[:2]] == ["applied"] * 2
    assert await tell(client, left[0], "complaint", event_id="again") == "repeated"
    async with db.trusted() as tx:
        assert await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) == "running"
    # The third is said of the lead, by another program: it is about the last message that the lead got.
    third = (await client.get(f"/api/v1/messages/{left[2]}")).json()
    for _ in range(2):
        said = await client.patch(f"/api/v1/leads/{third['lead_id']}", json={"status": "complained"})
        assert said.status_code == 200, said.text
    async with db.trusted() as tx:
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id)
    assert state is OrderState.HELD
    assert await messages_of(db, campaign, workspace_id, "complained") == left[:3]
    assert not (await claim(db)).claim
    (halted,) = await waiting_jobs(db, "campaigns.on_order_halted")
    assert (halted["reason"], halted["count"], halted["sent"]) == ("complaints", 3, LEFT)
    await campaign_jobs.on_order_halted(context, **halted)
    shown = (await client.get(f"/api/v1/campaigns/{campaign.id}")).json()
    assert (shown["state"], shown["halted"]["reason"]) == ("paused", "complaints")
    for each in await waiting_jobs(db, "leads.on_addresses_stopped"):
        await lead_jobs.on_addresses_stopped(context, **each)
    found = (await client.get("/api/v1/leads", params={"status": "complained"})).json()["items"]
    assert len(found) == 3
    async with db.trusted() as tx:
        await campaigns.resume(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert await tell(client, left[3], "complaint") == "applied"
    async with db.trusted() as tx:
        now = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        assert await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id) == "running"
    assert now.state is CampaignState.SENDING
    assert await conserved(db)


async def test_each_kind_counts_once_in_any_order_and_the_first_end_stays(
    client: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, campaign: Campaign, workspace_id: int
):
    first, second, third, *_ = await messages_of(db, campaign, workspace_id, "accepted")
    (waits, *_) = await messages_of(db, campaign, workspace_id, "queued")
    told = [
        (first, "hard_bounce", "applied"),
        (first, "delivered", "repeated"),
        (first, "soft_bounce", "applied"),
        (second, "soft_bounce", "applied"),
        (second, "hard_bounce", "applied"),
        (second, "hard_bounce", "repeated"),
        (third, "delivered", "applied"),
        (third, "complaint", "applied"),
        (third, "hard_bounce", "applied"),
        (waits, "complaint", "too_early"),
        ("1", "complaint", "no_such_message"),
    ]
    events = [{"message_id": message, "event": event, "detail": "words"} for message, event, _ in told]
    foreign = await other.post("/api/v1/messages/events", json={"events": events})
    assert {item["outcome"] for item in foreign.json()["items"]} == {"no_such_message"}
    for outcomes in ([outcome for *_, outcome in told], None):
        answer = await client.post("/api/v1/messages/events", json={"events": events})
        assert answer.status_code == 200, answer.text
        heard = [item["outcome"] for item in answer.json()["items"]]
        assert heard == (outcomes or ["repeated"] * 9 + ["too_early", "no_such_message"])
    states, addresses = [], []
    for message in (first, second, third):
        shown = (await client.get(f"/api/v1/messages/{message}")).json()
        states.append((shown["state"], sorted(each["event"] for each in shown["events"])))
        addresses.append(shown["address"])
    assert states == [
        ("bounced", ["hard_bounce", "soft_bounce"]),
        ("bounced", ["hard_bounce", "soft_bounce"]),
        ("complained", ["complaint", "hard_bounce"]),
    ]
    async with db.trusted() as tx:
        listed = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="email", addresses=addresses
        )
    assert [listed[address].value for address in addresses] == ["bounced", "bounced", "complained"]
    assert await conserved(db)


async def test_a_complaint_after_a_bounce_is_what_the_lead_and_the_list_say(
    client: httpx.AsyncClient, db: Database, context: JobContext, campaign: Campaign, workspace_id: int
):
    message, *_ = await messages_of(db, campaign, workspace_id, "accepted")
    shown = (await client.get(f"/api/v1/messages/{message}")).json()
    statuses = []
    for event in ("hard_bounce", "complaint"):
        assert await tell(client, message, event) == "applied"
        for each in await waiting_jobs(db, "leads.on_addresses_stopped"):
            await lead_jobs.on_addresses_stopped(context, **each)
        statuses.append((await client.get(f"/api/v1/leads/{shown['lead_id']}")).json()["status"])
    assert statuses == ["bounced", "complained"]
    async with db.trusted() as tx:
        listed = await suppression.suppressed(
            tx, workspace_id=workspace_id, channel="email", addresses=[shown["address"]]
        )
        # What is weaker comes too late, also from a list.
        said = LeadInput(email=shown["address"], status=LeadStatus.UNSUBSCRIBED)
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=[said])
        lead = await leads.get(tx, workspace_id=workspace_id, lead_id=int(shown["lead_id"]))
    assert listed == {shown["address"]: "complained"}
    assert lead.status is LeadStatus.COMPLAINED


async def test_a_reply_is_known_once_and_can_be_asked_for(
    client: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, campaign: Campaign, workspace_id: int
):
    (waits, *_) = await messages_of(db, campaign, workspace_id, "queued")
    (answered, bounced, *_) = await messages_of(db, campaign, workspace_id, "accepted")
    assert await tell(client, bounced, "hard_bounce") == "applied"
    at = (clock.now() - timedelta(days=2)).isoformat()
    reply = {"message_id": answered, "event": "replied", "at": at, "event_id": "in-1"}
    told = [
        reply,
        {**reply, "event_id": "in-2"},
        {**reply, "message_id": bounced, "event_id": "in-3"},
        {**reply, "message_id": waits},
    ]
    heard = []
    for teller in (other, client, client):
        answer = await teller.post("/api/v1/messages/events", json={"events": told})
        heard.append([item["outcome"] for item in answer.json()["items"]])
    assert heard == [
        ["no_such_message"] * 4,
        ["applied", "repeated", "applied", "too_early"],
        ["repeated"] * 3 + ["too_early"],
    ]
    shown = [(await client.get(f"/api/v1/messages/{message}")).json() for message in (answered, bounced)]
    assert [(each["state"], [told["event"] for told in each["events"]]) for each in shown] == [
        ("accepted", ["replied"]),
        ("bounced", ["replied", "hard_bounce"]),
    ]
    assert (await client.get(f"/api/v1/campaigns/{campaign.id}")).json()["replied"] == 2
    async with db.tenant(workspace_id) as tx:
        lead_id = int(shown[0]["lead_id"])
        happened = await analytics.lead_timeline(tx, workspace_id=workspace_id, lead_id=lead_id)
    assert [item.kind for item in happened].count("event.replied") == 1

    async def members(**asked: object) -> int:
        tree = {"all": [{"on": "behaviour", "op": "did", "act": "replied", **asked}]}
        answer = await client.post("/api/v1/segments/preview", json={"tree": tree})
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["members"]
        return found

    for asked in ({}, {"campaign": str(campaign.id)}, {"days": 3}):
        assert await members(**asked) == 2, asked
    for asked in ({"campaign": "9999"}, {"days": 1}, {"times": 2}):
        assert await members(**asked) == 0, asked
    assert await members(op="did_not") == LEFT + WAITING - 2
    assert await conserved(db)


async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, db: Database, campaign: Campaign, workspace_id: int
):
    (waits, *_) = await messages_of(db, campaign, workspace_id, "queued")
    (left, other, *_) = await messages_of(db, campaign, workspace_id, "accepted")
    late = {"event": "delivered", "at": (clock.now() + timedelta(days=1)).isoformat()}
    cases = [(waits, {"event": "delivered"}, 409), ("1", {"event": "delivered"}, 404), (left, late, 422)]
    for message, body, status in cases:
        answer = await client.post(f"/api/v1/messages/{message}/events", json=body)
        assert answer.status_code == status, answer.text
    # One event of a provider is told of one message, whatever a confused caller makes of it.
    assert await tell(client, left, "soft_bounce", event_id="e-1") == "applied"
    assert await tell(client, other, "hard_bounce", event_id="e-1") == "repeated"
    assert (await client.get(f"/api/v1/messages/{other}")).json()["state"] == "accepted"


async def test_a_list_of_complaints_counts_against_the_campaign_that_runs(
    db: Database, campaign: Campaign, workspace_id: int, other_workspace_id: int
):
    async with db.trusted() as tx:
        page = await campaigns.messages(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, state=MessageState.ACCEPTED, limit=10
        )
        inputs = [LeadInput(email=row.address, status=LeadStatus.COMPLAINED) for row in page.items]
        await leads.upsert_batch(tx, workspace_id=other_workspace_id, leads=inputs)
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=campaign.order_id or 0)
        assert state is OrderState.RUNNING
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=inputs)
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=campaign.order_id or 0)
    assert state is OrderState.HELD
    assert await conserved(db)
