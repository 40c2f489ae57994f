"""Unsubscribing by page and by one click; only a POST does it."""

import asyncio
import re

import pytest

from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind
from tests.engine.tracking.test_recorder import outage
from tests.engine.tracking.test_recording import _suppressed


@pytest.fixture
def url(tokens, sent) -> str:
    return f"/u/{tokens.plain(TokenKind.UNSUBSCRIBE, sent.messages[0])}"


async def test_looking_changes_nothing(client, url, sent):
    for method in ("GET", "HEAD"):
        answer = await client.request(method, url)
        assert answer.status_code == 200
    page = (await client.get(url)).text
    assert "The Shop" in page
    assert "an•••@x.com" in page
    assert "ana@x.com" not in page
    assert await _suppressed(sent) == {}
    assert await sent.rolled_up() == {}


async def test_the_button_unsubscribes_and_offers_the_way_back(client, url, sent):
    answer = await client.post(url, data={"leave": "yes"})
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert "You are unsubscribed" in (await client.get(url)).text
    assert 'name="return"' in answer.text
    answer = await client.post(url, data={"return": "yes"})
    assert "Welcome back" in answer.text
    assert await _suppressed(sent) == {}


@pytest.mark.parametrize(
    "request_parts",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
    ],
    ids=["form", "multipart", "empty"],
)
async def test_one_click_unsubscribes_at_once_and_as_often_as_asked(client, url, sent, request_parts):
    for _ in range(2):
        answer = await client.post(url, headers={"User-Agent": ""}, **request_parts)
        assert answer.status_code == 200
        assert not answer.is_redirect
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed"}
    assert list((await sent.rolled_up()).values()) == [(1, 1, 0)]


async def test_a_test_message_changes_nothing_and_says_so(client, services, sent):
    tokens = OrderTokens(services.keys, workspace_id=sent.workspace_id, order_id=sent.order_id, sample=True)
    url = f"/u/{tokens.plain(TokenKind.UNSUBSCRIBE, sent.messages[0])}"
    assert "test message" in (await client.get(url)).text
    for button in ("leave", "return"):
        assert "test message" in (await client.post(url, data={button: "yes"})).text
    assert await _suppressed(sent) == {}


async def test_the_page_speaks_the_reader_s_language(client, url):
    answer = await client.get(url, headers={"Accept-Language": "de, pt-BR;q=0.8, en;q=0.5"})
    assert '<html lang="pt-BR">' in answer.text
    assert "Cancelar inscrição" in answer.text
    assert "Unsubscribe?" in (await client.get(url, headers={"Accept-Language": "fr"})).text


async def test_pages_are_locked_down(client, url):
    answer = await client.get(url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    style = re.search(r'href="(/u/static/[^"]+)"', answer.text)
    assert style
    assert (await client.get(style[1])).headers["content-type"].startswith("text/css")


async def test_an_outage_keeps_the_wish(client, tokens, sent, server, database_url):
    url = f"/u/{tokens.plain(TokenKind.UNSUBSCRIBE, sent.messages[0])}"
    choosing = f"/p/{tokens.plain(TokenKind.PREFERENCES, sent.messages[1])}"
    async with outage(server, database_url):
        assert "Unsubscribe" in (await client.get(url)).text
        answer = await client.post(url, data={"leave": "yes"})
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
        assert (await client.post(url, data={"return": "yes"})).status_code == 503
        assert "You have left everything" in (await client.post(choosing, data={"leave": "yes"})).text
    async with asyncio.timeout(90):
        while len(await _suppressed(sent)) < 2:
            await asyncio.sleep(0.2)
    assert await _suppressed(sent) == {"ana@x.com": "unsubscribed", "bia@x.com": "unsubscribed"}


async def test_a_large_body_is_refused(client, url):
    assert (await client.post(url, content=b"x" * 100_000)).status_code == 413


async def test_a_message_that_is_gone_says_so(client, tokens):
    url = f"/u/{tokens.plain(TokenKind.UNSUBSCRIBE, 12345)}"
    assert (await client.get(url)).status_code == 404
    assert (await client.post(url, data={"leave": "yes"})).status_code == 404
