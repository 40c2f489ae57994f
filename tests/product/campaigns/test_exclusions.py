"""Leads left out of a campaign: they get nothing, and nothing is launched before all are out."""

from datetime import timedelta

import pytest

from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.errors import CampaignNotFound, CampaignNotInState, StillExcluding
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.leads import jobs
from mailgenius.product.leads.bulk_model import Wanted
from tests.factories.campaigns import make_campaign
from tests.factories.jobs_seen import waiting_jobs
from tests.factories.leads import make_lead


async def test_who_is_left_out_gets_nothing(
    services: Services, db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    left_out = await make_lead(db, workspace_id, tags=("lost",))
    kept = await make_lead(db, workspace_id)
    made = await make_campaign(db, keys, workspace_id, scheduled_at=clock.now() + timedelta(hours=1))
    ours = {"workspace_id": workspace_id, "campaign_id": made.id}
    async with db.trusted() as tx:
        due = (await campaigns.launch(tx, **ours)).scheduled_at
    with pytest.raises(CampaignNotFound):
        async with db.trusted() as tx:
            await campaigns.exclude_leads(
                tx, workspace_id=other_workspace_id, campaign_id=made.id, wanted=Wanted()
            )
    async with db.trusted() as tx:
        act = await campaigns.exclude_leads(tx, **ours, wanted=Wanted(tag="lost"))

    # Its time comes while they are being taken out: it waits, by itself or with a word to the person.
    with pytest.raises(StillExcluding):
        async with db.trusted() as tx:
            await campaigns.launch(tx, **ours)
    async with db.trusted() as tx:
        await campaigns.launch_scheduled(tx, **ours, scheduled_at=due)
        assert (await campaigns.get(tx, **ours)).state is CampaignState.SCHEDULED
    assert len(await waiting_jobs(db, "campaigns.launch_scheduled")) == 2

    context = JobContext(db=db, settings=services.settings, storage=services.storage)
    await jobs.bulk(context, workspace_id=workspace_id, act_id=act.id)
    async with db.trusted() as tx:
        await campaigns.launch_scheduled(tx, **ours, scheduled_at=due)
        while await campaigns.freeze_next(tx, **ours):
            pass
        reached = [row.lead_id for row in (await campaigns.messages(tx, **ours)).items]
    assert reached == [kept.id] != [left_out.id]
    with pytest.raises(CampaignNotInState):
        async with db.trusted() as tx:
            await campaigns.exclude_leads(tx, **ours, wanted=Wanted())
