"""Campaigns: who may be written to, when, and what each button does to the engine's order."""

from datetime import timedelta

import pytest

from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import MessageState, OrderState
from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Conflict, Invalid, MailGeniusError, NotFound
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.errors import CampaignNotInState, CampaignNotReady
from mailgenius.product.campaigns.model import TRANSITIONS, Campaign, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, LeadStatus, TagFilter
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import TemplateInput
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import make_lead, make_leads, make_many_leads
from tests.factories.templates import make_template


async def launch(db: Database, workspace_id: int, campaign_id: int) -> Campaign:
    async with db.trusted() as tx:
        return await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign_id)


async def freeze(db: Database, workspace_id: int, campaign_id: int) -> int:
    """Write the audience down to its end; return in how many transactions."""
    steps = 1
    while True:
        async with db.trusted() as tx:
            if not await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id):
                return steps
        steps += 1


async def read(db: Database, workspace_id: int, campaign_id: int) -> Campaign:
    async with db.tenant(workspace_id) as tx:
        return await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)


async def addresses(db: Database, workspace_id: int, campaign_id: int) -> list[str]:
    async with db.tenant(workspace_id) as tx:
        page = await campaigns.messages(tx, workspace_id=workspace_id, campaign_id=campaign_id, limit=500)
    return [message.address for message in page.items]


async def test_the_audience_is_every_active_lead_once(db: Database, keys: Keys, workspace_id: int):
    await make_many_leads(db, workspace_id, 1200)
    await make_lead(db, workspace_id, email="gone@example.com", status=LeadStatus.UNSUBSCRIBED)
    await make_lead(db, workspace_id, phone="+5511988887777")
    campaign = await make_campaign(db, keys, workspace_id)
    assert (await launch(db, workspace_id, campaign.id)).state is CampaignState.FREEZING
    assert await freeze(db, workspace_id, campaign.id) > 1
    frozen = await read(db, workspace_id, campaign.id)
    assert (frozen.state, frozen.frozen_count) == (CampaignState.SENDING, 1200)
    async with db.tenant(workspace_id) as tx:
        counts = await intake.counts(tx, workspace_id=workspace_id, order_id=frozen.order_id or 0)
    assert {state: n for state, n in counts.items() if n} == {MessageState.QUEUED: 1200}


async def test_leads_that_come_after_the_launch_are_not_written_to(
    db: Database, keys: Keys, workspace_id: int
):
    await make_lead(db, workspace_id, email="early@example.com")
    campaign = await make_campaign(db, keys, workspace_id)
    await launch(db, workspace_id, campaign.id)
    await make_lead(db, workspace_id, email="late@example.com")
    await freeze(db, workspace_id, campaign.id)
    assert await addresses(db, workspace_id, campaign.id) == ["early@example.com"]


async def test_tags_choose_and_exclude(db: Database, keys: Keys, workspace_id: int):
    await make_lead(db, workspace_id, email="a@example.com", tags=("vip", "br"))
    await make_lead(db, workspace_id, email="b@example.com", tags=("vip",))
    await make_lead(db, workspace_id, email="c@example.com", tags=("br", "vip", "staff"))
    await make_lead(db, workspace_id, email="d@example.com")
    audience = Audience(tags=TagFilter(any=("vip",), all=("br",), none=("staff",)))
    campaign = await make_campaign(db, keys, workspace_id, audience=audience)
    await launch(db, workspace_id, campaign.id)
    await freeze(db, workspace_id, campaign.id)
    assert await addresses(db, workspace_id, campaign.id) == ["a@example.com"]


async def test_a_second_launch_is_refused_and_changes_nothing(db: Database, keys: Keys, workspace_id: int):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id)
    first = await launch(db, workspace_id, campaign.id)
    with pytest.raises(CampaignNotInState):
        await launch(db, workspace_id, campaign.id)
    assert await read(db, workspace_id, campaign.id) == first
    assert len(await waiting_jobs(db, "campaigns.freeze")) == 1


async def test_a_later_edit_of_the_template_does_not_change_what_is_sent(
    db: Database, keys: Keys, workspace_id: int
):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id)
    launched = await launch(db, workspace_id, campaign.id)
    changed = TemplateInput(name="Changed", subject="Changed", source="<p>Changed</p>")
    async with db.tenant(workspace_id) as tx:
        await templates.update(
            tx, workspace_id=workspace_id, template_id=campaign.template_id, template=changed
        )
    async with db.trusted() as tx:
        order = await ledger.get_order(tx, workspace_id=workspace_id, order_id=launched.order_id or 0)
    assert order.content.subject == "Hello {{ lead.name }}"


async def test_what_is_missing_is_named_and_nothing_is_launched(db: Database, keys: Keys, workspace_id: int):
    template = await make_template(db, workspace_id, subject="", source="<p>{{ lead.shoe }}</p>")
    campaign = await make_campaign(db, keys, workspace_id, template_id=template.id)
    with pytest.raises(CampaignNotReady) as caught:
        await launch(db, workspace_id, campaign.id)
    assert [problem.field for problem in caught.value.problems] == ["subject", "source", "audience"]
    assert (await read(db, workspace_id, campaign.id)).state is CampaignState.DRAFT


async def test_a_paused_campaign_goes_on_where_it_stopped(db: Database, keys: Keys, workspace_id: int):
    await make_many_leads(db, workspace_id, 700)
    campaign = await make_campaign(db, keys, workspace_id)
    await launch(db, workspace_id, campaign.id)
    async with db.trusted() as tx:
        assert await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    async with db.tenant(workspace_id) as tx:
        paused = await campaigns.pause(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    async with db.trusted() as tx:
        assert not await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=paused.order_id or 0)
    assert state is OrderState.HELD
    async with db.tenant(workspace_id) as tx:
        resumed = await campaigns.resume(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert resumed.state is CampaignState.FREEZING
    await freeze(db, workspace_id, campaign.id)
    everyone = await read(db, workspace_id, campaign.id)
    assert (everyone.state, everyone.frozen_count) == (CampaignState.SENDING, 700)


async def test_a_cancelled_campaign_stays_cancelled(db: Database, keys: Keys, workspace_id: int):
    await make_leads(db, workspace_id, 3)
    campaign = await make_campaign(db, keys, workspace_id)
    await launch(db, workspace_id, campaign.id)
    await freeze(db, workspace_id, campaign.id)
    async with db.tenant(workspace_id) as tx:
        cancelled = await campaigns.cancel(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    async with db.trusted() as tx:
        await campaigns.finish(tx, workspace_id=workspace_id, order_id=cancelled.order_id or 0)
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=cancelled.order_id or 0)
    assert state is OrderState.CANCELLED
    assert (await read(db, workspace_id, campaign.id)).state is CampaignState.CANCELLED
    for button in (campaigns.pause, campaigns.resume, campaigns.cancel):
        with pytest.raises(CampaignNotInState):
            async with db.tenant(workspace_id) as tx:
                await button(tx, workspace_id=workspace_id, campaign_id=campaign.id)


async def test_a_scheduled_campaign_waits_for_its_time(db: Database, keys: Keys, workspace_id: int):
    await make_lead(db, workspace_id)
    due = clock.now().replace(microsecond=0) + timedelta(hours=2)
    campaign = await make_campaign(db, keys, workspace_id, scheduled_at=due)
    assert (await launch(db, workspace_id, campaign.id)).state is CampaignState.SCHEDULED
    assert len(await waiting_jobs(db, "campaigns.launch_scheduled")) == 1
    async with db.trusted() as tx:
        await campaigns.launch_scheduled(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, scheduled_at=due - timedelta(hours=1)
        )
    assert (await read(db, workspace_id, campaign.id)).state is CampaignState.SCHEDULED
    async with db.trusted() as tx:
        await campaigns.launch_scheduled(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, scheduled_at=due
        )
    assert (await read(db, workspace_id, campaign.id)).state is CampaignState.FREEZING


async def test_a_scheduled_campaign_that_cannot_be_launched_says_why(
    db: Database, keys: Keys, workspace_id: int
):
    lead = await make_lead(db, workspace_id)
    due = clock.now().replace(microsecond=0) + timedelta(hours=2)
    campaign = await make_campaign(db, keys, workspace_id, scheduled_at=due)
    await launch(db, workspace_id, campaign.id)
    async with db.tenant(workspace_id) as tx:
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    async with db.trusted() as tx:
        await campaigns.launch_scheduled(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, scheduled_at=due
        )
    back = await read(db, workspace_id, campaign.id)
    assert (back.state, back.error) == (CampaignState.DRAFT, "Nobody is in this audience.")


async def test_a_campaign_belongs_to_its_workspace(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id)
    their_template = await make_template(db, other_workspace_id)
    their_connection = await make_sandbox(db, keys, other_workspace_id)
    buttons = (
        campaigns.get,
        campaigns.launch,
        campaigns.pause,
        campaigns.resume,
        campaigns.cancel,
        campaigns.unschedule,
        campaigns.delete,
        campaigns.checks,
        campaigns.messages,
    )
    for button in buttons:
        with pytest.raises(NotFound):
            async with db.tenant(other_workspace_id) as tx:
                await button(tx, workspace_id=other_workspace_id, campaign_id=campaign.id)
    with pytest.raises(Invalid) as caught:
        await make_campaign(
            db, keys, workspace_id, template_id=their_template.id, connection_id=their_connection.id
        )
    assert {problem.field for problem in caught.value.problems} == {"template_id", "connection_id"}
    assert (await read(db, workspace_id, campaign.id)) == campaign


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"sender_email": "nobody"}, "sender_email"),
        ({"sender_name": "A\r\nBcc: everyone@example.com"}, "sender_name"),
        ({"reply_to": "a@b@c.com"}, "reply_to"),
        ({"audience": Audience()}, "audience"),
    ],
)
async def test_a_wrong_value_is_named(db: Database, keys: Keys, workspace_id: int, values, field):
    with pytest.raises(Invalid) as caught:
        await make_campaign(db, keys, workspace_id, **values)
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_only_a_draft_can_be_edited_or_deleted(db: Database, keys: Keys, workspace_id: int):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id)
    await launch(db, workspace_id, campaign.id)
    for act in (
        lambda tx: campaigns.update(
            tx, workspace_id=workspace_id, campaign_id=campaign.id, campaign=campaign.as_input()
        ),
        lambda tx: campaigns.delete(tx, workspace_id=workspace_id, campaign_id=campaign.id),
    ):
        with pytest.raises(Conflict):
            async with db.tenant(workspace_id) as tx:
                await act(tx)


async def test_a_test_send_is_one_message_with_an_order_of_its_own(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    template = await make_template(db, workspace_id)
    connection = await make_sandbox(db, keys, workspace_id)
    test = campaigns.TestSend(
        template_id=template.id,
        connection_id=connection.id,
        sender_email="news@example.com",
        recipient="Me@Example.com",
    )
    async with db.tenant(workspace_id) as tx:
        order_id = await campaigns.send_test(tx, workspace_id=workspace_id, test=test)
        rows = await intake.messages(tx, workspace_id=workspace_id, order_id=order_id)
    assert [row.address for row in rows] == ["me@example.com"]
    with pytest.raises(MailGeniusError):
        async with db.tenant(other_workspace_id) as tx:
            await campaigns.send_test(tx, workspace_id=other_workspace_id, test=test)


def test_ends_have_no_way_out():
    assert not TRANSITIONS[CampaignState.FINISHED]
    assert not TRANSITIONS[CampaignState.CANCELLED]
    assert set(TRANSITIONS) == set(CampaignState)
