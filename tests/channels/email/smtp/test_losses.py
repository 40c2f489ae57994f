"""What is promised when a connection dies: certainly not sent, or unknown, and never the wrong one."""

import random
import socket
from collections import Counter

import pytest

from mailgenius.channels.contract import Fault, Outcome, SendResult
from mailgenius.channels.email.smtp.settings import Timeouts
from tests.channels.email.smtp.conftest import OpenAdapter
from tests.channels.letters import letter, letters
from tests.channels.smtp_peer import EVERYTHING, Peer, Script, running

A, D, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.UNKNOWN
NO_PIPELINING = tuple(each for each in EVERYTHING if each != "PIPELINING")


def outcomes(results: list[SendResult]) -> list[Outcome]:
    for result in results:
        if result.outcome is not A:
            assert result.fault in {Fault.CONNECTION, Fault.MESSAGE}
            assert result.reason
    return [result.outcome for result in results]


async def test_refused_tcp_connection_defers_everything(open_adapter: OpenAdapter):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    results = await open_adapter(Peer(script=Script(), port=port)).send(letters(3))
    assert outcomes(results) == [D, D, D]
    assert "cannot be reached" in results[0].reason


@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data"])
async def test_cut_before_anything_was_handed_over_defers_everything(phase: str, open_adapter: OpenAdapter):
    async with running(Script(cut=lambda at, _: at == phase)) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert outcomes(results) == [D, D, D]
    assert peer.received == 0
    assert peer.connections == 1, "a peer that drops fresh connections is not called again in the same send"
    begun = phase in {"mail", "rcpt", "data"}
    assert [each.fault is Fault.MESSAGE for each in results] == [begun, False, False]


@pytest.mark.parametrize("extensions", [EVERYTHING, NO_PIPELINING])
@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
async def test_cut_in_a_later_envelope_is_made_good_on_a_new_connection(
    phase: str, extensions: tuple[str, ...], open_adapter: OpenAdapter
):
    script = Script(extensions=extensions, cut=lambda at, number: at == phase and number == 2)
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert outcomes(results) == [A, A, A]
    assert [each.recipient for each in peer.taken] == [each.recipient for each in letters(3)]
    assert peer.connections == 2


@pytest.mark.parametrize("extensions", [EVERYTHING, NO_PIPELINING])
async def test_cut_between_final_dot_and_answer_leaves_one_unknown(
    extensions: tuple[str, ...], open_adapter: OpenAdapter
):
    script = Script(extensions=extensions, cut=lambda at, number: at == "dot" and number == 2)
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(5))
    assert outcomes(results) == [A, U, D, D, D]
    assert peer.received == 2
    assert peer.connections == 1, "after an unknown outcome the rest of the send is left for later"


async def test_cut_inside_a_small_body_is_unknown_because_its_dot_has_left(open_adapter: OpenAdapter):
    async with running(Script(cut=lambda at, number: at == "body" and number == 2)) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert outcomes(results) == [A, U, D]


async def test_cut_inside_a_large_body_is_certainly_not_sent(open_adapter: OpenAdapter):
    script = Script(
        extensions=("PIPELINING", "8BITMIME"),
        cut=lambda at, number: at == "body" and number == 2,
        body_before_cut=100_000,
    )
    batch = [letter(1), letter(2, text="A line of a very long message.\n" * 700_000), letter(3)]
    async with running(script) as peer:
        results = await open_adapter(peer).send(batch)
    assert outcomes(results) == [A, D, A]
    assert [each.recipient for each in peer.taken] == [batch[0].recipient, batch[2].recipient]
    assert peer.begun == 3, "a message whose content was begun is not begun again in the same send"
    assert results[1].fault is Fault.MESSAGE


async def test_large_body_arrives_whole(open_adapter: OpenAdapter):
    text = "".join(f"{number}\n.\n" for number in range(60_000))
    async with running(Script()) as peer:
        results = await open_adapter(peer).send([letter(1, text=text, html=""), letter(2)])
    assert outcomes(results) == [A, A]
    assert peer.taken[0].content.partition(b"\r\n\r\n")[2] == text.replace("\n", "\r\n").encode()


async def test_silence_after_the_final_dot_is_unknown(open_adapter: OpenAdapter):
    script = Script(answer=lambda phase, _: "" if phase == "dot" else None)
    async with running(script) as peer:
        results = await open_adapter(peer, timeouts=Timeouts(final=0.2)).send(letters(2))
    assert outcomes(results) == [U, D]
    assert "did not answer in time" in results[0].reason


@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data"])
async def test_silence_before_the_content_is_deferred(phase: str, open_adapter: OpenAdapter):
    script = Script(answer=lambda at, _: "" if at == phase else None)
    async with running(script) as peer:
        patience = Timeouts(greeting=0.2, command=0.2, data=0.2, final=5)
        results = await open_adapter(peer, timeouts=patience).send(letters(2))
    assert outcomes(results) == [D, D]
    assert peer.received == 0


async def test_dead_idle_connection_is_replaced_before_anything_is_handed_over(open_adapter: OpenAdapter):
    script = Script()
    async with running(script) as peer:
        adapter = open_adapter(peer)
        assert outcomes(await adapter.send([letter(1)])) == [A]
        script.cut = lambda at, number: at == "mail" and number == 2
        assert outcomes(await adapter.send([letter(2)])) == [A]
    assert peer.connections == 2
    assert len(peer.taken) == 2


async def test_answer_that_is_not_smtp_after_the_dot_is_unknown(open_adapter: OpenAdapter):
    async with running(Script(answer=lambda at, _: "hello there" if at == "dot" else None)) as peer:
        results = await open_adapter(peer).send(letters(2))
    assert outcomes(results) == [U, D]


async def test_peer_that_tires_of_a_connection_gets_a_new_one(open_adapter: OpenAdapter):
    def answer(phase: str, _: str) -> str | None:
        tired = phase == "mail" and peer.begun % 3 == 0
        return "421 4.4.5 Too many messages in this connection" if tired else None

    async with running(Script(answer=answer)) as peer:
        results = await open_adapter(peer).send(letters(8))
    assert outcomes(results) == [A] * 8
    assert peer.connections == 4


async def test_peer_that_closes_at_once_is_called_once(open_adapter: OpenAdapter):
    script = Script(answer=lambda at, _: "421 4.3.2 Try again in 10 minutes" if at == "mail" else None)
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert outcomes(results) == [D, D, D]
    assert results[0].code == "421 4.3.2"
    assert results[0].retry_after is not None
    assert results[2].retry_after == results[0].retry_after
    assert peer.connections == 1


@pytest.mark.parametrize("seed", range(12))
async def test_wherever_connections_are_cut_no_outcome_is_a_lie(seed: int, open_adapter: OpenAdapter):
    """Whatever is called not sent did not arrive; whatever is called sent did; nothing arrives twice."""
    dice = random.Random(seed)
    phases = ["mail", "rcpt", "data", "body", "dot"]
    doomed = {(dice.choice(phases), dice.randint(1, 60)) for _ in range(dice.randint(1, 6))}
    extensions = dice.choice([EVERYTHING, NO_PIPELINING])
    connections = dice.randint(1, 4)
    batch = letters(50)
    async with running(Script(extensions=extensions, cut=lambda at, number: (at, number) in doomed)) as peer:
        results = await open_adapter(peer, connections=connections).send(batch)
    arrived = Counter(each.recipient for each in peer.taken)
    for message, result in zip(batch, results, strict=True):
        if result.outcome is A:
            assert arrived[message.recipient] == 1
        else:
            assert arrived[message.recipient] == 0, "a lost answer was made to look like a failure to send"
    unknown = [each for each in results if each.outcome is U]
    assert len(unknown) <= connections
    assert len([each for each in results if each.outcome is A]) == len(peer.taken)
