"""Audiences of segments: judged ahead of what is written, and still each recipient exactly once."""

from dataclasses import replace

import pytest

from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.jobs import write_audience_down
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.campaigns.service import foreseeing
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, LeadStatus, SegmentFilter, TagFilter
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_leads
from tests.factories.segments import make_segment

NEVER_SENT = {"on": "behaviour", "op": "did_not", "act": "sent"}


class Killed(Exception):
    """The process is gone."""


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FIRST_STRETCH": 2, "MAX_STRETCH": 4, "FIRST_FOUND": 1, "FOUND": 2}.items():
        monkeypatch.setattr(foreseeing, name, value)


async def launched(db: Database, keys: Keys, workspace_id: int) -> Campaign:
    """Launch a campaign to those with the tag x, but not to those with y."""
    tree = {"all": [{"on": "tag", "op": "any", "value": ["x"]}, NEVER_SENT]}
    segment = await make_segment(db, workspace_id, "x", tree)
    audience = Audience(segments=SegmentFilter(any=(segment.id,)), tags=TagFilter(none=("y",)))
    campaign = await make_campaign(db, keys, workspace_id, audience=audience)
    async with db.trusted() as tx:
        return await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)


async def outcome(db: Database, workspace_id: int, campaign_id: int) -> tuple[CampaignState, int, list[str]]:
    async with db.tenant(workspace_id) as tx:
        names = {"workspace_id": workspace_id, "campaign_id": campaign_id}
        campaign = await campaigns.get(tx, **names)
        page = await campaigns.messages(tx, **names, limit=100)
    return campaign.state, campaign.frozen_count, [message.address for message in page.items]


async def test_a_killed_freeze_goes_on_and_writes_each_recipient_once(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    some = [
        await make_leads(db, workspace_id, 3, tags=("x",)),
        await make_leads(db, other_workspace_id, 3, tags=("x",)),
        await make_leads(db, workspace_id, 9),
        await make_leads(db, workspace_id, 1, tags=("x", "y")),
        await make_leads(db, workspace_id, 9, tags=("x",)),
    ]
    wanted = [lead.email for lead in some[0] + some[4]]
    campaign = await launched(db, keys, workspace_id)
    write = campaigns.freeze_next
    done = 0

    async def until_killed(tx: Tx, **names: int) -> bool:
        """Write a chunk; every second run dies before it is committed."""
        nonlocal done
        more = await write(tx, **names)
        done += 1
        if more and done % 2 == 0:
            raise Killed
        return more

    monkeypatch.setattr(campaigns, "freeze_next", until_killed)
    runs = 0
    for _ in range(30):
        runs += 1
        try:
            await write_audience_down(db, workspace_id=workspace_id, campaign_id=campaign.id)
        except Killed:
            continue
        break
    state, count, addresses = await outcome(db, workspace_id, campaign.id)
    assert runs > 2
    assert (state, count) == (CampaignState.SENDING, len(wanted))
    assert sorted(addresses) == sorted(wanted)


async def test_what_changes_after_the_look_ahead_is_seen_when_the_chunk_is_written(
    db: Database, keys: Keys, workspace_id: int
):
    people = await make_leads(db, workspace_id, 6, tags=("x",))
    campaign = await launched(db, keys, workspace_id)
    names = {"workspace_id": workspace_id, "campaign_id": campaign.id}
    async with db.trusted() as tx:
        foreseen = await campaigns.foresee(tx, **names)
        further = await campaigns.foresee(tx, **names, behind=foreseen)
    assert foreseen is not None
    assert further is not None
    assert [*foreseen.lead_ids, *further.lead_ids] == [lead.id for lead in people[:4]]
    gone, left = people[3].id, people[0].id
    async with db.tenant(workspace_id) as tx:
        await leads.set_status(tx, workspace_id=workspace_id, lead_ids=[left], status=LeadStatus.UNSUBSCRIBED)
        await leads.delete(tx, workspace_id=workspace_id, lead_ids=[gone])
    async with db.trusted() as tx:
        assert await campaigns.freeze_next(tx, **names, foreseen=foreseen)
        # What was found for another place is not written here, and ends nothing.
        assert await campaigns.freeze_next(tx, **names, foreseen=replace(foreseen, is_last=True))
        assert not await campaigns.freeze_next(tx, **names, foreseen=further)
        assert await campaigns.foresee(tx, **names) is None
    state, count, addresses = await outcome(db, workspace_id, campaign.id)
    assert (state, count) == (CampaignState.SENDING, 4)
    assert sorted(addresses) == sorted(lead.email for lead in people if lead.id not in {gone, left})
