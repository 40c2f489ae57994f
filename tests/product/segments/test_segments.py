"""Segments as stored things: writing, circles, counting, members, audiences, and the other workspace."""

from typing import Any

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
from mailgenius.product.leads.model import Audience, LeadStatus, SegmentFilter, TagFilter
from mailgenius.product.preferences.model import ChoiceChanges
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.errors import SegmentInUse, SegmentNameTaken, SegmentNotFound
from mailgenius.product.segments.model import Estimate, Segment
from mailgenius.product.segments.service import counting
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_lead
from tests.factories.preferences import make_topic
from tests.factories.segments import make_segment

ADDRESSES = Query(
    "addresses",
    "Who was written down.",
    """SELECT address FROM messages
        WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s ORDER BY id""",
)
MEMORY = Query("memory", "What a statement may take.", "SELECT current_setting('work_mem')")
TAKEN = Query(
    "taken",
    "The provider takes every message.",
    "UPDATE messages SET state = 'accepted' WHERE workspace_id = %(workspace_id)s",
)


def tagged(*tags: str) -> dict[str, Any]:
    return {"all": [{"on": "tag", "op": "any", "value": list(tags)}]}


def inside(segment: Segment, op: str = "in") -> dict[str, Any]:
    return {"all": [{"on": "segment", "op": op, "value": str(segment.id)}]}


def wanting(op: str, topic_id: str) -> dict[str, Any]:
    return {"all": [{"on": "topic", "op": op, "value": topic_id}]}


async def people(db: Database, workspace_id: int) -> None:
    for name, tags in {"a": ("x",), "b": ("x", "y"), "c": ("y",), "d": ()}.items():
        await make_lead(
            db, workspace_id, email=f"{name}@example.com", tags=tags, fields={"city": name.upper()}
        )


async def test_segments_are_counted_shown_and_put_away(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await people(db, workspace_id)
    await people(db, other_workspace_id)
    with_x = await make_segment(db, workspace_id, "With x", tagged("x"))
    both = await make_segment(
        db, workspace_id, "Both", {"all": [inside(with_x), {"none": [inside(with_x, "not_in"), tagged("y")]}]}
    )
    async with db.trusted() as tx:
        page = await segments.members(tx, workspace_id=workspace_id, segment_id=with_x.id, limit=1)
        assert [lead.email for lead in page.items] == ["b@example.com"]
        page = await segments.members(
            tx, workspace_id=workspace_id, segment_id=with_x.id, limit=1, cursor=page.next_cursor
        )
        assert ([lead.email for lead in page.items], page.next_cursor) == (["a@example.com"], None)
        shown = await segments.preview(tx, workspace_id=workspace_id, tree=both.tree, locale="pt_BR")
        assert (shown.estimate.members, shown.estimate.exact) == (1, True)
        assert [lead.email for lead in shown.sample] == ["a@example.com"]
        assert "With x" in shown.sentence
        wrong = await segments.preview(tx, workspace_id=workspace_id, tree={"all": [{}]}, locale="en")
        assert [problem.field for problem in wrong.problems] == ["tree.all[0]"]
        for call in (segments.get, segments.archive, segments.members, segments.update, segments.ask_count):
            with pytest.raises(SegmentNotFound):
                await call(tx, workspace_id=other_workspace_id, segment_id=with_x.id)
        with pytest.raises(Invalid):  # A segment of another workspace is no segment here.
            await segments.create(tx, workspace_id=other_workspace_id, name="Spy", tree=inside(with_x))
        assert (await segments.list_segments(tx, workspace_id=other_workspace_id)).items == []
        await segments.ask_count(tx, workspace_id=workspace_id, segment_id=with_x.id)
        assert await segments.count(tx, workspace_id=workspace_id, segment_id=with_x.id) == 2
        with pytest.raises(SegmentInUse, match="Both"):
            await segments.archive(tx, workspace_id=workspace_id, segment_id=with_x.id)
    async with db.tenant(workspace_id) as tx:
        counted = await segments.get(tx, workspace_id=workspace_id, segment_id=with_x.id)
        assert (counted.members, counted.counting) == (2, False)
        changed = await segments.update(
            tx, workspace_id=workspace_id, segment_id=with_x.id, tree=tagged("x", "y")
        )
        assert changed.members is None
        await segments.archive(tx, workspace_id=workspace_id, segment_id=both.id)
        assert [each.id for each in (await segments.list_segments(tx, workspace_id=workspace_id)).items] == [
            with_x.id
        ]


async def test_a_large_segment_is_estimated_and_shown_by_a_sample(
    db: Database, workspace_id: int, other_workspace_id: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(counting, "CHEAP", -1)
    await people(db, workspace_id)
    await people(db, other_workspace_id)
    never = {"on": "behaviour", "op": "did_not", "act": "sent"}
    async with db.trusted() as tx:
        names = {"workspace_id": workspace_id, "locale": "en"}
        shown = await segments.preview(tx, **names, tree={"all": [tagged("x"), never]})
        nobody = await segments.preview(tx, **names, tree=tagged("z"))
        memory = await tx.value(MEMORY)
    assert (shown.estimate, nobody.estimate) == (
        Estimate(members=2, exact=False),
        Estimate(members=0, exact=False),
    )
    assert [lead.email for lead in shown.sample] == ["b@example.com", "a@example.com"]
    assert not nobody.sample
    assert memory != "64kB"  # What comes later in the transaction has its room back.


async def test_segments_never_use_each_other_in_a_circle(db: Database, workspace_id: int):
    first = await make_segment(db, workspace_id, "1", tagged("x"))
    second = await make_segment(db, workspace_id, "2", inside(first))
    third = await make_segment(db, workspace_id, "3", {"any": [inside(second), tagged("z")]})
    for circle in (inside(first), inside(second, "not_in"), {"none": [inside(third)]}):
        with pytest.raises(Invalid, match="not valid") as refused:
            async with db.tenant(workspace_id) as tx:
                await segments.update(tx, workspace_id=workspace_id, segment_id=first.id, tree=circle)
        assert refused.value.problems[0].message == "segments use each other in a circle"
    with pytest.raises(SegmentNameTaken):
        await make_segment(db, workspace_id, "2", tagged("x"))
    wide = {"any": [inside(third)] * 90}
    wider = await make_segment(db, workspace_id, "wide", wide)
    with pytest.raises(Invalid):  # 90 times 90 conditions would be asked.
        await make_segment(db, workspace_id, "too wide", {"any": [inside(wider)] * 90})


async def test_topics_are_asked_for_beside_the_topic_of_a_campaign(
    db: Database, workspace_id: int, other_workspace_id: int
):
    await people(db, workspace_id)
    news = await make_topic(db, workspace_id, "News")
    offers = await make_topic(db, workspace_id, "Offers", by_default=False, name_pt="Ofertas")
    theirs = await make_topic(db, other_workspace_id, "Theirs")
    said = {"a": {"news": False, "offers": True}, "b": {"offers": True}}
    async with db.trusted() as tx:
        everybody = (await leads.search(tx, workspace_id=workspace_id)).items
    async with db.tenant(workspace_id) as tx:
        for lead in everybody:
            wish = ChoiceChanges(topics=said.get(str(lead.email)[0], {}))
            await leads.change_preferences(
                tx,
                workspace_id=workspace_id,
                lead_id=lead.id,
                changes=leads.PreferenceChanges(way=Way.API, choices=wish),
            )
        for topic_id in (str(theirs.id), "9999"):
            with pytest.raises(Invalid):
                await segments.describe_tree(
                    tx, workspace_id=workspace_id, tree=wanting("wants", topic_id), locale="en"
                )
        sentence = await segments.describe_tree(
            tx, workspace_id=workspace_id, tree=wanting("wants_not", str(offers.id)), locale="pt_BR"
        )
        assert sentence == "Leads em que não querem o tópico “Ofertas”."
    for op, about, members in (("wants", None, 2), ("wants_not", None, 2), ("wants", news.id, 1)):
        segment = await make_segment(db, workspace_id, f"{op} {about}", wanting(op, str(offers.id)))
        async with db.trusted() as tx:
            found = await campaigns.audience_size(
                tx,
                workspace_id=workspace_id,
                audience=Audience(segments=SegmentFilter(any=(segment.id,))),
                channel=Channel.EMAIL,
                topic_id=about,
            )
        assert found == members


async def test_a_campaign_keeps_the_audience_of_its_launch(db: Database, keys: Keys, workspace_id: int):
    await people(db, workspace_id)
    gone = await make_lead(db, workspace_id, email="gone@example.com", tags=("x",))
    async with db.tenant(workspace_id) as tx:
        await leads.set_status(tx, workspace_id=workspace_id, lead_ids=[gone.id], status=LeadStatus.BOUNCED)
    with_x = await make_segment(db, workspace_id, "x", tagged("x"))
    never = {"on": "behaviour", "op": "did_not", "act": "sent"}
    with_y = await make_segment(db, workspace_id, "y", {"all": [tagged("y"), never]})
    audience = Audience(segments=SegmentFilter(any=(with_x.id, with_y.id)), tags=TagFilter(none=("z",)))
    campaign = await make_campaign(db, keys, workspace_id, audience=audience)
    async with db.trusted() as tx:
        size = await campaigns.audience_size(
            tx, workspace_id=workspace_id, audience=audience, channel=Channel.EMAIL
        )
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    async with db.tenant(workspace_id) as tx:  # What a segment says later changes nothing.
        await segments.update(tx, workspace_id=workspace_id, segment_id=with_x.id, tree=tagged("nobody"))
    async with db.trusted() as tx:
        while await campaigns.freeze_next(tx, workspace_id=workspace_id, campaign_id=campaign.id):
            pass
        rows = await tx.rows(ADDRESSES, workspace_id=workspace_id, order_id=launched.order_id)
    assert [address[0] for (address,) in rows] == ["a", "b", "c"]
    assert size == 3
    excluding = Audience(all=True, segments=SegmentFilter(none=(with_y.id,)))
    other = await make_campaign(
        db,
        keys,
        workspace_id,
        audience=excluding,
        template_id=campaign.template_id,
        connection_id=campaign.connection_id,
    )
    async with db.trusted() as tx:
        await tx.execute(TAKEN, workspace_id=workspace_id)
    async with db.trusted() as tx:  # Those with y were written to by now, so nobody is left out.
        size = await campaigns.audience_size(
            tx, workspace_id=workspace_id, audience=excluding, channel=Channel.EMAIL
        )
        await segments.archive(tx, workspace_id=workspace_id, segment_id=with_y.id)
        with pytest.raises(CampaignNotReady):
            await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=other.id)
    assert size == 4
