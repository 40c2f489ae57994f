"""The provider `http` against a real service: what its answers mean, and what is known when there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from mailgenius.channels.contract import Adapter, AdapterContext, Fault, Outcome
from mailgenius.channels.email.http.adapter import Mail
from mailgenius.channels.email.http.replies import result_of
from mailgenius.channels.registry import provider
from mailgenius.kit.ports import free_port
from tests.channels.http_peer import HttpPeer, service, taken
from tests.channels.letters import letter, letters

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Notes:
    """A witness that keeps what it is told."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: dict[int, Outcome] = {}

    def begins(self, message_ids: Any) -> None:
        self.begun += message_ids

    def ends(self, message_id: int, result: Any) -> None:
        self.ended[message_id] = result.outcome


@asynccontextmanager
async def adapter_to(peer: HttpPeer, context: AdapterContext, **settings: Any) -> AsyncIterator[Adapter]:
    adapter = provider("http").open(peer.settings(**settings), context)
    try:
        yield adapter
    finally:
        await adapter.close()


@pytest.mark.parametrize(
    ("status", "body", "outcome", "fault"),
    [
        (200, b'{"id": 17}', Outcome.ACCEPTED, Fault.NONE),
        (202, b"thanks", Outcome.ACCEPTED, Fault.NONE),
        (302, b"", Outcome.DEFERRED, Fault.CONNECTION),
        (400, b'{"error": "no such template"}', Outcome.REJECTED, Fault.POLICY),
        (422, b'{"error": "unknown user", "fault": "recipient"}', Outcome.REJECTED, Fault.RECIPIENT),
        (401, b"", Outcome.DEFERRED, Fault.CONNECTION),
        (403, b'{"fault": "recipient"}', Outcome.DEFERRED, Fault.CONNECTION),
        (404, b"", Outcome.DEFERRED, Fault.CONNECTION),
        (408, b"", Outcome.DEFERRED, Fault.NONE),
        (409, b"", Outcome.UNKNOWN, Fault.CONNECTION),
        (413, b"", Outcome.REJECTED, Fault.POLICY),
        (429, b"", Outcome.DEFERRED, Fault.CONNECTION),
        (500, b"\xff\x00", Outcome.UNKNOWN, Fault.CONNECTION),
        (502, b"<html>Bad Gateway</html>", Outcome.UNKNOWN, Fault.CONNECTION),
        (503, b"[1, 2]", Outcome.DEFERRED, Fault.CONNECTION),
        (503, b'{"deep": ' + b"[" * 10_000, Outcome.DEFERRED, Fault.CONNECTION),
        (422, b'{"code": "%s"}' % (b"5" * 10_000), Outcome.REJECTED, Fault.POLICY),
    ],
)
def test_an_answer_means_what_the_table_says(status: int, body: bytes, outcome: Outcome, fault: Fault):
    result = result_of(status, body=body, retry_after="", now=NOW)
    assert (result.outcome, result.fault) == (outcome, fault)
    assert outcome is Outcome.ACCEPTED or str(status) in result.reason
    assert len(result.code) <= 40


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (" 120 ", timedelta(minutes=2)),
        ("Mon, 01 Jun 2026 12:01:30 GMT", timedelta(seconds=90)),
        ("Mon, 01 Jun 2026 11:00:00 GMT", None),
        ("0", None),
        ("99999999999999999999", None),
        ("9" * 5_000, None),
        ("Mon, 01 Jun 2026 12:00:00 +" + "9" * 20, None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_moment(written: str, wait: timedelta | None):
    assert result_of(429, body=b"", retry_after=written, now=NOW).retry_after == wait
    assert result_of(202, body=b"", retry_after=written, now=NOW).retry_after is None


async def test_what_is_posted_has_its_key_and_is_asked_once(context: AdapterContext):
    notes = Notes()
    async with service() as peer, adapter_to(peer, context) as adapter:
        results = await adapter.send(letters(20), notes)
        assert not adapter.capabilities.deduplicates
    assert {each.outcome for each in results} == {Outcome.ACCEPTED}
    assert [each.provider_ref for each in results] == [f"gateway-{1000 + n}" for n in range(1, 21)]
    assert peer.keys == [mail.id for mail in peer.heard]
    assert sorted(map(int, peer.keys)) == sorted(notes.begun) == sorted(notes.ended)
    assert peer.tokens == {"Bearer s3cret"}


async def test_a_wait_that_is_asked_for_stops_the_rest(context: AdapterContext):
    def busy(mail: Mail) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "30"}, text="Slow down")

    async with service(busy) as peer, adapter_to(peer, context, requests=2) as adapter:
        results = await adapter.send(letters(30))
    assert {(each.outcome, each.fault) for each in results} == {(Outcome.DEFERRED, Fault.CONNECTION)}
    assert timedelta(seconds=30) in {each.retry_after for each in results}
    assert len(peer.heard) <= 2


async def test_a_lost_answer_is_unknown_and_the_rest_stays_here(context: AdapterContext):
    def forgetful(mail: Mail) -> web.Response | None:
        return None if mail.id == "1003" else taken(mail)

    async with service(forgetful) as peer, adapter_to(peer, context, requests=1) as adapter:
        results = await adapter.send(letters(6))
    assert [each.outcome for each in results] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.UNKNOWN,
        *[Outcome.DEFERRED] * 3,
    ]
    assert [mail.id for mail in peer.heard] == ["1001", "1002", "1003"]


async def test_nothing_is_in_doubt_when_nobody_is_there(context: AdapterContext):
    notes = Notes()
    async with adapter_to(
        HttpPeer(url=f"http://127.0.0.1:{free_port()}/mail", answer=taken), context
    ) as adapter:
        results = await adapter.send(letters(2), notes)
        assert (await adapter.check()).outcome is Outcome.DEFERRED
    assert {(each.outcome, each.fault) for each in results} == {(Outcome.DEFERRED, Fault.CONNECTION)}
    assert set(notes.ended) == set(notes.begun)


async def test_an_answer_may_come_in_pieces(context: AdapterContext):
    async with service(pieces=True) as peer, adapter_to(peer, context) as adapter:
        (result,) = await adapter.send([letter()])
    assert (result.outcome, result.provider_ref) == (Outcome.ACCEPTED, f"gateway-{peer.heard[0].id}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "[::ffff:7f00:1]"]
)
async def test_private_networks_are_kept_closed(host: str, context: AdapterContext):
    async with service() as peer:
        closed = replace(context, allow_private_hosts=False)
        port = peer.url.rpartition(":")[2]
        async with adapter_to(HttpPeer(url=f"http://{host}:{port}", answer=taken), closed) as adapter:
            (result,) = await adapter.send([letter()])
    assert (result.outcome, peer.heard) == (Outcome.DEFERRED, [])
    assert "private network" in result.reason


async def test_a_message_that_cannot_be_written_costs_itself_only(context: AdapterContext):
    async with service() as peer, adapter_to(peer, context) as adapter:
        results = await adapter.send([letter(1), letter(2, recipient="two words@x"), letter(3)])
    assert [each.outcome for each in results] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
    assert results[1].fault is Fault.RECIPIENT


def test_settings_say_what_is_wrong():
    problems = provider("http").validate(
        {"url": "ftp://x", "token": "a b", "requests": "0", "once": "maybe", "odd": 1}
    )
    assert set(problems) == {"url", "token", "requests", "once", "odd"}


@pytest.mark.parametrize("url", ["http://user:secret@x.com/", "http://two words/", "http://x.com/\n"])
def test_an_address_of_the_service_holds_no_password_and_no_blank(url: str):
    assert set(provider("http").validate({"url": f"{url}mail", "requests": "9" * 5_000})) == {
        "url",
        "requests",
    }
