"""Campaigns through connections that warm up: the most engaged leads come first, and each lead once."""

from datetime import timedelta

import pytest

from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import WarmUp
from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from tests.engine.ledger.test_protocol import conserved
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.leads import make_many_leads

DID = Query(
    "did",
    "Somebody did something.",
    "INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, machine, event_key, at)"
    " VALUES (%(workspace_id)s, 1, 1, %(lead_id)s, %(kind)s::tracking_kind, %(machine)s,"
    " uuid_send(gen_random_uuid()), %(at)s)",
)
LEADS = Query("leads", "By id.", "SELECT id FROM leads WHERE workspace_id = %(id)s ORDER BY id")
WRITTEN = Query("written", "In order.", "SELECT lead_id FROM messages WHERE order_id = %(id)s ORDER BY id")


class Crash(Exception):
    """The process dies before the commit."""


async def did(
    db: Database, workspace_id: int, lead_id: int, kind: str, *, days: int = 5, machine: bool = False
) -> None:
    at = clock.now() - timedelta(days=days)
    async with db.trusted() as tx:
        await tx.execute(DID, workspace_id=workspace_id, lead_id=lead_id, kind=kind, machine=machine, at=at)


async def freeze(db: Database, workspace_id: int, campaign_id: int) -> bool:
    """Take the next step, at the second try."""
    with pytest.raises(Crash):
        async with db.trusted() as tx:
            await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id)
            raise Crash
    async with db.trusted() as tx:
        return await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id)


@pytest.mark.parametrize("automatic", [False, True])
async def test_while_connections_warm_up_the_most_engaged_come_first_and_everybody_once(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int, *, automatic: bool
):
    await make_many_leads(db, workspace_id, 600)
    async with db.trusted() as tx:
        people = [row[0] for row in await tx.rows(LEADS, id=workspace_id)]
    opened, clicked, late, old, machine, theirs = people[-6:]
    await did(db, workspace_id, opened, "open")
    await did(db, workspace_id, clicked, "click")
    await did(db, workspace_id, old, "click", days=100)
    await did(db, workspace_id, machine, "open", machine=True)
    await did(db, other_workspace_id, theirs, "click")
    young = await make_sandbox(db, keys, workspace_id)
    async with db.tenant(workspace_id) as tx:
        await connections.update(
            tx,
            workspace_id=workspace_id,
            connection_id=young.id,
            name=young.name,
            settings={},
            limits=young.limits,
            warm_up=WarmUp(start=50, factor=2, target=500),
            keys=keys,
        )
    through = {"connection_id": None if automatic else young.id}
    campaign = await make_campaign(db, keys, workspace_id, **through)
    async with db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    assert await freeze(db, workspace_id, campaign.id)
    # One who is still to come clicks now, and one who was written to clicks again.
    await did(db, workspace_id, late, "click", days=0)
    await did(db, workspace_id, clicked, "click", days=0)
    while await freeze(db, workspace_id, campaign.id):
        pass
    async with db.trusted() as tx:
        done = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        written = [row[0] for row in await tx.rows(WRITTEN, id=launched.order_id)]
    assert (done.state, done.frozen_count) == (CampaignState.SENDING, 600)
    rest = [each for each in people if each not in {opened, clicked, late}]
    assert written == [clicked, opened, late, *rest]
    assert await conserved(db)
