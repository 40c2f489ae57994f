"""Sending rules on their page, automatic connections in the composer, and why a campaign stopped."""

from datetime import time, timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.intake import service as intake
from mailgenius.engine.pacing import deciding, service as pacing
from mailgenius.engine.pacing.deciding import SendingRules
from mailgenius.engine.pacing.model import Limit, Rate, Scope
from mailgenius.kit.services import Services
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.workspaces.model import Role
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.leads import make_lead
from tests.web.browser import location
from tests.web.conftest import SignedIn

RULES = {
    "bounce_percent": "2,5",
    "bounce_after": "100",
    "complaint_percent": "0.1",
    "complaint_after": "500",
    "quiet_from": "21:00",
    "quiet_to": "08:00",
    "cap_count": "3",
    "cap_days": "7",
    "workspace-per_day": "5000",
    "group-gmail-per_second": "20",
    "usual_limits": "1",
    "domain-0-key": "Shop.example",
    "domain-0-per_hour": "900",
}


async def test_sending_rules_are_saved_shown_and_one_workspace_s(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    browser = await signed_in(Role.ADMIN)
    assert location(await browser.post("/settings/sending", RULES)) == "/settings/sending"
    page = (await browser.get("/settings/sending")).text
    for text in ("The sending rules were saved.", 'value="21:00"', 'value="shop.example"', 'value="2.5"'):
        assert text in page
    async with services.db.tenant(workspace_id) as tx:
        rules = await deciding.sending_rules(tx, workspace_id=workspace_id)
        limits = await pacing.list_limits(tx, workspace_id=workspace_id)
    assert (rules.bounce_percent, rules.quiet_from, rules.cap_count) == (2.5, time(21), 3)
    assert Limit(scope=Scope.GROUP, key="gmail", rate=Rate(per_second=20)) in limits
    assert len(limits) == 3
    async with services.db.tenant(other_workspace_id) as tx:
        assert await deciding.sending_rules(tx, workspace_id=other_workspace_id) == SendingRules()
    without = {name: value for name, value in RULES.items() if name != "usual_limits"}
    await browser.post("/settings/sending", without)
    async with services.db.tenant(workspace_id) as tx:
        assert not (await deciding.sending_rules(tx, workspace_id=workspace_id)).usual_limits
    wrong = await browser.post("/settings/sending", RULES | {"quiet_to": "", "bounce_percent": "many"})
    assert wrong.status_code == 422
    assert "Enter a number." in wrong.text
    editor = await signed_in(Role.EDITOR)
    assert (await editor.get("/settings/sending")).status_code == 403


async def test_pages_say_why_a_campaign_stopped_and_why_a_connection_rests(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    db = services.db
    await make_lead(db, workspace_id)
    sandbox = await make_sandbox(db, services.keys, workspace_id)
    campaign = await make_campaign(db, services.keys, workspace_id, connection_id=None)
    browser = await signed_in(Role.ADMIN)
    assert "Automatic" in (await browser.get(f"/campaigns/{campaign.id}")).text
    assert "Automatic: all connections" in (await browser.get(f"/campaigns/{campaign.id}/edit")).text
    async with db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        why = {"reason": "bounces", "count": 21, "sent": 300}
        order = {"workspace_id": workspace_id, "order_id": launched.order_id or 0}
        await intake.halt(tx, **order, **why)
        await campaigns.halted(tx, **order, **why)
        await connections.trip(
            tx,
            workspace_id=workspace_id,
            connection_id=sandbox.id,
            reason="421 closing",
            waits=[timedelta(minutes=5)],
        )
    report = (await browser.get(f"/campaigns/{campaign.id}")).text
    assert "This campaign was paused by itself" in report
    assert "21 of 300 messages" in report
    listed = (await browser.get("/connections")).text
    assert "Resting" in listed
    assert "421 closing" in listed
    own = (await browser.get(f"/connections/{sandbox.id}")).text
    assert "Connection left alone" in own
    assert "421 closing" in own
