"""The preference page: what is shown, what a save changes, what nobody else can do with a link."""

import re

import pytest

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind
from mailgenius.kit.db.queries import Query
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadInput, LeadStatus
from mailgenius.product.leads.service.preferring import MOST_CHANGES
from mailgenius.product.preferences.model import Frequency
from tests.engine.tracking.test_recording import _suppressed, make_sent
from tests.factories.preferences import make_topic

MESSAGE_OF_NOBODY = Query("forget", "It.", "DELETE FROM leads WHERE id = %(id)s")


@pytest.fixture
def url(tokens, sent) -> str:
    return f"/p/{tokens.plain(TokenKind.PREFERENCES, sent.messages[0])}"


@pytest.fixture
async def topics(db, workspace_id, other_workspace_id):
    await make_topic(db, other_workspace_id, "Secret")
    news = await make_topic(db, workspace_id, "News", name_pt="Novidades", about_en="Once a week", place=1)
    return [news, await make_topic(db, workspace_id, "Offers", by_default=False, place=2)]


def fields(html: str) -> list[tuple[str, str]]:
    """What a browser would post: hidden fields, and what is ticked."""
    found = []
    for tag in re.findall(r"<input[^>]*>", html):
        kind, name, value = (re.search(rf'\b{each}="([^"]*)"', tag) for each in ("type", "name", "value"))
        if kind[1] == "hidden" or re.search(r"\bchecked\b", tag):
            found.append((name[1], value[1]))
    return found


async def save(client, url, *, take=(), add=(), html=None):
    """Save the page as a browser does, with some fields taken out and others added."""
    shown = fields(html or (await client.get(url)).text)
    body = [each for each in shown if each not in set(take)] + list(add) + [("save", "yes")]
    content = "&".join(f"{name}={value}" for name, value in body)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await client.post(url, content=content, headers=headers)


async def read(sent, message=0):
    async with sent.db.tenant(sent.workspace_id) as tx:
        lead_id = sent.leads[message]
        who = {"workspace_id": sent.workspace_id, "lead_id": lead_id}
        holds = await leads.preferences(tx, **who)
        entries = await consents.entries(tx, **who)
        activity = await leads.activity(tx, **who)
        lead = await leads.get(tx, **who)
    return holds, entries.items, [each for each in activity if each.kind == "preferences"], lead


async def test_looking_and_saving_what_holds_change_nothing(client, url, sent, topics):
    for method in ("GET", "HEAD"):
        assert (await client.request(method, url)).status_code == 200
    page = await client.get(url)
    assert "The Shop" in page.text
    assert "an•••@x.com" in page.text
    assert "ana@x.com" not in page.text
    assert "Secret" not in page.text
    assert ("topic", "news") in fields(page.text)
    assert ("topic", "offers") not in fields(page.text)
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "Your preferences are saved" in (await save(client, url)).text
    assert (await client.post(url)).status_code == 200
    holds, entries, activity, lead = await read(sent)
    assert (holds.choices.topics_in, holds.choices.topics_out, holds.choices.language) == ((), (), "")
    assert (list(entries), activity, lead.status) == ([], [], LeadStatus.ACTIVE)


async def test_a_save_keeps_what_was_chosen_and_who_said_so(client, url, sent, topics):
    news, offers = topics
    answer = await save(
        client,
        url,
        take=[("topic", "news"), ("frequency", "any"), ("language", "en")],
        add=[("topic", "offers"), ("frequency", "month"), ("language", "pt-BR")],
    )
    assert answer.status_code == 200
    assert "Suas preferências foram salvas" in answer.text
    assert "Novidades" in (await client.get(url, headers={"Accept-Language": "en"})).text
    holds, entries, (change,), _ = await read(sent)
    assert (holds.choices.topics_in, holds.choices.topics_out) == ((offers.id,), (news.id,))
    assert holds.choices.frequency is Frequency.MONTH
    assert change.detail == {
        "way": "preferences",
        "ip": "127.0.0.1",
        "topics": {"news": False, "offers": True},
        "frequency": "month",
        "language": "pt-BR",
    }
    assert list(entries) == []
    other, _, nothing, _ = await read(sent, message=1)
    assert (other.choices.topics_out, nothing) == ((), [])


async def test_a_channel_is_left_and_taken_up_again(client, url, sent):
    stale = (await client.get(url)).text
    await save(client, url, take=[("channel", "email")])
    holds, entries, _, lead = await read(sent)
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert (holds.channels[0].on, lead.status) == (False, LeadStatus.UNSUBSCRIBED)
    assert [(e.channel, e.act, e.way, e.ip) for e in entries] == [
        ("email", ConsentAct.WITHDRAWN, Way.PREFERENCES, "127.0.0.1")
    ]
    # What an old page shows as chosen is no wish: nobody comes back by it.
    await save(client, url, html=stale)
    assert (await read(sent))[3].status is LeadStatus.UNSUBSCRIBED
    await save(client, url, add=[("channel", "email")])
    holds, entries, _, lead = await read(sent)
    assert (holds.channels[0].on, lead.status, len(entries)) == (True, LeadStatus.ACTIVE, 2)
    assert await _suppressed(sent) == {}


async def test_one_channel_of_several_is_left_alone_and_a_stopped_one_stays(client, url, sent):
    who = {"workspace_id": sent.workspace_id}
    async with sent.db.tenant(sent.workspace_id) as tx:
        changes = LeadInput(phone="+5511987654321")
        await leads.update(tx, **who, lead_id=sent.leads[0], changes=changes)
        said = Statement(lead_id=sent.leads[0], channel="sms", act=ConsentAct.GIVEN, way=Way.PAGE)
        await leads.state_consent(tx, **who, statement=said)
    page = (await client.get(url)).text
    assert ("channel", "sms") in fields(page)
    assert "•••4321" in page
    assert "WhatsApp" not in page
    await save(client, url, take=[("channel", "sms")])
    holds, _, _, lead = await read(sent)
    assert [(each.channel, each.on) for each in holds.channels] == [("email", True), ("sms", False)]
    assert lead.status is LeadStatus.ACTIVE
    async with sent.db.trusted() as tx:
        await suppression.add(tx, **who, channel=Channel.EMAIL, addresses=["ana@x.com"], reason="bounced")
    assert "Ask the sender" in (await client.get(url)).text
    await save(client, url, add=[("channel", "email"), ("channel_off", "email")])
    assert await _suppressed(sent) == {"ana@x.com": "bounced"}


async def test_leaving_everything_is_one_act_and_as_often_as_asked(client, url, sent, topics):
    for _ in range(2):
        answer = await client.post(url, data={"leave": "yes"})
        assert answer.status_code == 200
        assert "You have left everything" in answer.text
    holds, entries, activity, lead = await read(sent)
    assert [each.on for each in holds.channels] == [False]
    assert lead.status is LeadStatus.UNSUBSCRIBED
    assert [(e.act, e.way) for e in entries] == [(ConsentAct.WITHDRAWN, Way.PREFERENCES)]
    assert [each.detail["left"] for each in activity] == ["all"]
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert list((await sent.rolled_up()).values()) == [(1, 1, 0)]


async def test_a_link_changes_so_much_in_an_hour_and_leaves_always(client, url, sent, topics):
    for number in range(MOST_CHANGES):
        turned = {"take": [("topic", "news")]} if number % 2 == 0 else {"add": [("topic", "news")]}
        assert (await save(client, url, **turned)).status_code == 200
    answer = await save(client, url, take=[("topic", "news")])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert (await read(sent))[0].choices.wants(topics[0])
    assert (await client.post(url, data={"leave": "yes"})).status_code == 200
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}


async def test_a_test_message_changes_nothing_and_shows_nobody_s_choices(client, services, sent, topics):
    tokens = OrderTokens(services.keys, workspace_id=sent.workspace_id, order_id=sent.order_id, sample=True)
    url = f"/p/{tokens.plain(TokenKind.PREFERENCES, sent.messages[0])}"
    page = (await client.get(url)).text
    assert "test message" in page
    assert "News" in page
    assert "test message" in (await save(client, url, take=[("topic", "news")])).text
    assert "test message" in (await client.post(url, data={"leave": "yes"})).text
    assert (await read(sent))[2] == []
    assert await _suppressed(sent) == {}


async def test_other_links_and_other_workspaces_open_nothing(
    client, services, sent, tokens, other_workspace_id
):
    theirs = await make_sent(sent.db, other_workspace_id)
    crossed = OrderTokens(
        services.keys, workspace_id=theirs.workspace_id, order_id=sent.order_id, sample=False
    )
    for url in (
        f"/p/{tokens.plain(TokenKind.UNSUBSCRIBE, sent.messages[0])}",
        f"/p/{crossed.plain(TokenKind.PREFERENCES, sent.messages[0])}",
        f"/p/{tokens.plain(TokenKind.PREFERENCES, 12345)}",
        f"/p/{tokens.plain(TokenKind.PREFERENCES, sent.messages[0])}x",
    ):
        assert (await client.get(url)).status_code == 404
        for button in ("save", "leave"):
            assert (await client.post(url, data={button: "yes"})).status_code == 404
    assert await _suppressed(sent) == {}


async def test_whoever_is_no_lead_any_more_can_still_leave(client, url, sent):
    async with sent.db.trusted() as tx:
        await tx.execute(MESSAGE_OF_NOBODY, id=sent.leads[0])
    page = (await client.get(url)).text
    assert "Leave everything" in page
    assert 'name="save"' not in page
    await client.post(url, data={"leave": "yes"})
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}


async def test_the_unsubscribe_page_leads_to_it(client, tokens, sent):
    page = (await client.get(f"/u/{tokens.plain(TokenKind.UNSUBSCRIBE, sent.messages[0])}")).text
    link = re.search(r'href="(/p/[^"]+)"', page)
    assert "Your preferences" in (await client.get(link[1])).text
