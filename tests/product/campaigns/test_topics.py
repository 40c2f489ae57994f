"""Campaigns about a topic: frozen without those who do not want it, and asked again before each message."""

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.errors import Invalid
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.errors import CampaignNotReady
from mailgenius.product.consents.model import Way
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.model import ChoiceChanges, Frequency
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.ledger.test_protocol import conserved
from tests.factories.campaigns import make_campaign, make_sandbox
from tests.factories.engine import Peer, Peers
from tests.factories.leads import make_leads
from tests.factories.preferences import make_topic

WRITTEN = Query("written", "In order.", "SELECT address FROM messages WHERE order_id = %(id)s ORDER BY id")
REASONS = Query(
    "reasons", "Why.", "SELECT address, error FROM messages WHERE order_id = %(id)s AND state = 'suppressed'"
)


async def choose(db: Database, workspace_id: int, lead_id: int, **choices) -> None:
    async with db.tenant(workspace_id) as tx:
        changes = leads.PreferenceChanges(way=Way.API, choices=ChoiceChanges(**choices))
        await leads.change_preferences(tx, workspace_id=workspace_id, lead_id=lead_id, changes=changes)


async def freeze(db: Database, workspace_id: int, campaign_id: int) -> tuple[int, list[str]]:
    async with db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        while await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign_id):
            pass
        rows = await tx.rows(WRITTEN, id=launched.order_id)
    return launched.order_id, [address for (address,) in rows]


async def test_a_campaign_leaves_out_who_left_its_topic_even_at_the_last_moment(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    await make_leads(db, other_workspace_id, 1)
    ana, bia, caio, rest = await make_leads(db, workspace_id, 4)
    news = await make_topic(db, workspace_id, "News")
    offers = await make_topic(db, workspace_id, "Offers", by_default=False)
    await choose(db, workspace_id, ana.id, topics={"news": False})
    await choose(db, workspace_id, bia.id, topics={"offers": True, "news": True})
    through = (await make_sandbox(db, keys, workspace_id)).id
    about = {}
    for topic in (news, offers):
        campaign = await make_campaign(db, keys, workspace_id, topic_id=topic.id, connection_id=through)
        async with db.trusted() as tx:
            size = await campaigns.audience_size(
                tx,
                workspace_id=workspace_id,
                audience=Audience(all=True),
                channel=Channel.EMAIL,
                topic_id=topic.id,
            )
        about[topic.key], written = await freeze(db, workspace_id, campaign.id)
        wanted = [bia, caio, rest] if topic is news else [bia]
        assert written == [each.email for each in wanted]
        assert size == len(wanted)
    # Minds change between the freeze and the sending.
    await choose(db, workspace_id, caio.id, topics={"news": False})
    await choose(db, workspace_id, bia.id, topics={"offers": None})
    peer = Peer()
    async with engine(db, Peers(default=peer)):
        assert await until(db, workspace_id, about["news"], ended) == {"accepted": 2, "suppressed": 1}
        assert await until(db, workspace_id, about["offers"], ended) == {"suppressed": 1}
    assert sorted(peer.addresses) == sorted([bia.email, rest.email])
    async with db.trusted() as tx:
        assert await tx.rows(REASONS, id=about["news"]) == [
            (caio.email, "The lead does not want this topic.")
        ]
    assert await conserved(db)


async def test_who_wants_messages_rarely_gets_one_of_two_campaigns(
    db: Database, keys: Keys, workspace_id: int
):
    seldom, often = await make_leads(db, workspace_id, 2)
    await choose(db, workspace_id, seldom.id, frequency=Frequency.MONTH)
    first = await make_campaign(db, keys, workspace_id)
    second = await make_campaign(db, keys, workspace_id, connection_id=None)
    orders = [(await freeze(db, workspace_id, each.id))[0] for each in (first, second)]
    peer = Peer()
    async with engine(db, Peers(default=peer)), engine(db, Peers(default=peer)):
        found = [await until(db, workspace_id, order, ended) for order in orders]
    assert sorted(found, key=len) == [{"accepted": 2}, {"accepted": 1, "suppressed": 1}]
    assert sorted(peer.addresses) == sorted([seldom.email, often.email, often.email])


async def test_a_topic_must_be_there_and_in_use(
    db: Database, keys: Keys, workspace_id: int, other_workspace_id: int
):
    await make_leads(db, workspace_id, 1)
    theirs = await make_topic(db, other_workspace_id, "News")
    with pytest.raises(Invalid) as refused:
        await make_campaign(db, keys, workspace_id, topic_id=theirs.id)
    assert [problem.field for problem in refused.value.problems] == ["topic_id"]
    ours = await make_topic(db, workspace_id, "News")
    campaign = await make_campaign(db, keys, workspace_id, topic_id=ours.id, connection_id=None)
    async with db.tenant(workspace_id) as tx:
        await preferences.archive_topic(tx, workspace_id=workspace_id, topic_id=ours.id, archived=True)
    with pytest.raises(CampaignNotReady):
        await freeze(db, workspace_id, campaign.id)
