"""Connections: shared out, kept, closed when idle, and made do with when the peer allows no more."""

import asyncio

import pytest

from mailgenius.channels.contract import Outcome
from mailgenius.channels.email.smtp.settings import Timeouts
from tests.channels.email.smtp.conftest import OpenAdapter
from tests.channels.letters import letter, letters
from tests.channels.smtp_peer import Script, running

A = Outcome.ACCEPTED


async def test_connection_is_kept_for_the_next_send(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        adapter = open_adapter(peer)
        for number in range(5):
            await adapter.send([letter(number)])
    assert peer.connections == 1


async def test_large_send_uses_several_connections_and_a_small_one_does_not(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        await open_adapter(peer, connections=3).send(letters(100))
        assert peer.connections == 3
        await open_adapter(peer, connections=3).send(letters(5))
        assert peer.connections == 4
    assert len({each.recipient for each in peer.taken}) == 100


async def test_sends_at_the_same_time_stay_within_the_limit(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        adapter = open_adapter(peer, connections=2)
        batches = await asyncio.gather(*(adapter.send(letters(15)) for _ in range(6)))
    assert all(each.outcome is A for results in batches for each in results)
    assert peer.connections == 2


async def test_idle_connection_is_closed_politely(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        adapter = open_adapter(peer, timeouts=Timeouts(idle=0.05))
        await adapter.send([letter(1)])
        async with asyncio.timeout(60):
            while peer.commands[-1] != "QUIT":
                await asyncio.sleep(0.01)
        assert (await adapter.send([letter(2)]))[0].outcome is A
    assert peer.connections == 2


async def test_peer_that_allows_one_connection_gets_everything_over_it(open_adapter: OpenAdapter):
    def answer(phase: str, _: str) -> str | None:
        return "421 4.7.0 Too many connections" if phase == "greeting" and peer.connections > 1 else None

    async with running(Script(answer=answer)) as peer:
        adapter = open_adapter(peer, connections=3)
        batches = await asyncio.gather(*(adapter.send(letters(40)) for _ in range(3)))
    assert all(each.outcome is A for results in batches for each in results)
    assert len(peer.taken) == 120


async def test_check_signs_in_and_leaves(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        assert (await open_adapter(peer).check()).outcome is A
    assert peer.commands[-1] == "QUIT"
    assert peer.begun == 0


async def test_closed_adapter_sends_nothing_and_closes_twice(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        adapter = open_adapter(peer)
        await adapter.send([letter(1)])
        await adapter.close()
        await adapter.close()
        assert (await adapter.send([letter(2)]))[0].outcome is Outcome.DEFERRED
    assert len(peer.taken) == 1
    assert peer.commands[-1] == "QUIT"


async def test_cancelled_send_gives_its_connection_up(open_adapter: OpenAdapter):
    script = Script(answer=lambda at, _: "" if at == "dot" else None)
    async with running(script) as peer:
        adapter = open_adapter(peer)
        sending = asyncio.ensure_future(adapter.send(letters(3)))
        while not peer.received:
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        script.answer = lambda at, _: None
        assert (await adapter.send([letter(9)]))[0].outcome is A
    assert peer.connections == 2
    assert [each.recipient for each in peer.taken] == ["lead9@example.com"]
