"""Pixel and click: what they answer, what they note, and that an outage shows to nobody."""

import asyncio

import pytest

from mailgenius.edge.tracking import header_url
from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind
from mailgenius.kit.crypto import Keys
from tests.engine.tracking.test_recorder import outage
from tests.engine.tracking.test_recording import Sent


async def until_noted(sent: Sent) -> None:
    """A click is answered first and noted a moment later."""
    async with asyncio.timeout(90):
        while not await sent.rolled_up():
            await asyncio.sleep(0.05)


async def test_a_pixel_is_a_dot_and_an_open(client, tokens, sent):
    answer = await client.get(f"/o/{tokens.plain(TokenKind.OPEN, sent.messages[0])}.gif")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert "no-store" in answer.headers["cache-control"]
    assert [n for (kind, *_), n in (await sent.rolled_up()).items() if kind == "open"] == [(1, 1, 0)]


async def test_a_click_leads_on_and_is_noted(client, tokens, sent):
    token = tokens.click(sent.messages[0], 2, "https://shop.example.com/é?a=1&b=ç#x".encode())
    answer = await client.get(f"/c/{token}")
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://shop.example.com/%C3%A9?a=1&b=%C3%A7#x"
    await until_noted(sent)
    assert {(kind, link): n for (kind, link, _), n in (await sent.rolled_up()).items()} == {
        ("click", 0): (1, 1, 0),
        ("click", 2): (1, 1, 0),
    }


async def test_a_head_is_answered_and_not_counted(client, tokens, sent):
    assert (await client.head(f"/o/{tokens.plain(TokenKind.OPEN, sent.messages[0])}.gif")).status_code == 200
    assert (await client.head(f"/c/{tokens.click(sent.messages[0], 1, b'https://a')}")).status_code == 302
    await asyncio.sleep(0.3)
    assert await sent.rolled_up() == {}


async def test_a_scanner_is_counted_apart(client, tokens, sent):
    await client.get(
        f"/o/{tokens.plain(TokenKind.OPEN, sent.messages[0])}.gif", headers={"User-Agent": "curl/8.5"}
    )
    assert list((await sent.rolled_up()).values()) == [(0, 0, 1)]


NOWHERE = ["/o/x.gif", "/o/", "/c/x", "/c/https:%2F%2Fevil.example.com", "/u/x", "/v/x", "/x"]


@pytest.mark.parametrize("path", NOWHERE)
async def test_what_nobody_made_leads_nowhere(client, path):
    assert (await client.get(path)).status_code == 404


async def test_tokens_of_other_purposes_and_keys_lead_nowhere(client, tokens, sent):
    message = sent.messages[0]
    click = tokens.click(message, 1, b"https://a")
    forged = OrderTokens(
        Keys(b"x" * 32), workspace_id=sent.workspace_id, order_id=sent.order_id, sample=False
    ).click(message, 1, b"https://evil.example.com")
    for path in (
        f"/c/{forged}",
        f"/c/{tokens.plain(TokenKind.OPEN, message)}",
        f"/u/{click}",
        f"/o/{click}.gif",
    ):
        assert (await client.get(path)).status_code == 404
    assert (await client.post(f"/u/{click}", content="List-Unsubscribe=One-Click")).status_code == 404


async def test_a_click_during_an_outage_is_quick_and_remembered(client, tokens, sent, server, database_url):
    async with outage(server, database_url):
        answer = await client.get(f"/c/{tokens.click(sent.messages[0], 1, b'https://a.example.com')}")
        assert (answer.status_code, answer.headers["location"]) == (302, "https://a.example.com")
        # It was answered before the outage ended, so it did not wait for the database.
    await until_noted(sent)
    assert sorted((await sent.rolled_up()).values()) == [(1, 1, 0), (1, 1, 0)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.com/x?y=%20", "https://a.com/x?y=%20"),
        ("https://a.com/two words", "https://a.com/two%20words"),
        ("https://ação.com.br/ação", "https://xn--ao-siap.com.br/a%C3%A7%C3%A3o"),
        ("https://a.com/\r\nSet-Cookie: x=1", "https://a.com/Set-Cookie:%20x=1"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_an_address_fits_a_header(url: str, expected: str):
    assert header_url(url) == expected
