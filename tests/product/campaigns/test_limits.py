"""Campaigns that leave the connection to the engine, have a speed of their own, or were stopped."""

from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderState
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.leads import make_lead

ORDER = Query("order", "Of it.", "SELECT connection_id, per_minute, per_hour FROM orders WHERE id = %(id)s")


async def test_a_campaign_may_leave_the_connection_to_the_engine_and_have_a_speed(
    db: Database, keys: Keys, workspace_id: int
):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id, connection_id=None, per_minute=30, per_hour=1000)
    async with db.trusted() as tx:
        found = await campaigns.checks(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert [finding.field for finding in found if finding.severity == "error"] == ["connection_id"]
    await make_sandbox(db, keys, workspace_id)
    async with db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        assert await tx.rows(ORDER, id=launched.order_id) == [(None, 30, 1000)]


async def test_a_campaign_that_was_stopped_says_why_and_is_resumed(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    await make_lead(db, workspace_id)
    campaign = await make_campaign(db, keys, workspace_id)
    async with db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        while await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign.id):
            pass
    order_id = launched.order_id or 0
    why = {"reason": "bounces", "count": 12, "sent": 210}
    async with db.trusted() as tx:
        assert await intake.halt(tx, workspace_id=workspace_id, order_id=order_id, **why)
        assert not await intake.halt(tx, workspace_id=workspace_id, order_id=order_id, **why)
        await campaigns.halted(tx, workspace_id=other_workspace_id, order_id=order_id, **why)
        for _ in range(2):
            await campaigns.halted(tx, workspace_id=workspace_id, order_id=order_id, **why)
        found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert found.state is CampaignState.PAUSED
    assert (found.halted_for, found.halted_count, found.halted_of) == ("bounces", 12, 210)
    async with db.tenant(workspace_id) as tx:
        await campaigns.resume(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        state = await intake.order_state(tx, workspace_id=workspace_id, order_id=order_id)
    assert (found.state, found.halted_for) == (CampaignState.SENDING, "")
    assert state is OrderState.RUNNING
    # News that comes late must not stop what somebody let go on.
    async with db.trusted() as tx:
        await campaigns.halted(tx, workspace_id=workspace_id, order_id=order_id, **why)
        found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert found.state is CampaignState.SENDING
