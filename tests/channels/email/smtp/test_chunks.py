"""Messages in groups by BDAT: they arrive whole, refusals stay apart, and no outcome is a lie."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from mailgenius.channels.contract import Fault, Outcome
from mailgenius.channels.email.smtp.chunks import MOST_IN_GROUP
from tests.channels.email.smtp.conftest import OpenAdapter
from tests.channels.letters import headers, letter, letters
from tests.channels.smtp_peer import CHUNKING, Script, running

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNKNOWN


async def test_groups_arrive_whole_and_in_order(open_adapter: OpenAdapter):
    batch = [letter(number, text=f".\n..{number}\n.") for number in range(1, 31)]
    async with running(Script(extensions=CHUNKING)) as peer:
        results = await open_adapter(peer).send(batch)
    assert [each.outcome for each in results] == [A] * 30
    assert len({each.provider_ref for each in results}) == 30
    assert [each.recipient for each in peer.taken] == [each.recipient for each in batch]
    assert all(
        f"\r\n.\r\n..{number}\r\n.\r\n".encode() in taken.content
        for number, taken in enumerate(peer.taken, 1)
    )
    verbs = Counter(each[:4] for each in peer.commands)
    assert (verbs["DATA"], verbs["BDAT"]) == (1, 29), "a new connection shows first that it works"
    sizes = [int(each.partition("SIZE=")[2].split()[0]) for each in peer.commands if each.startswith("MAIL")]
    assert sizes == [len(each.content) for each in peer.taken]


async def test_a_peer_without_pipelining_gets_no_groups(open_adapter: OpenAdapter):
    extensions = tuple(each for each in CHUNKING if each != "PIPELINING")
    async with running(Script(extensions=extensions)) as peer:
        results = await open_adapter(peer).send(letters(5))
    assert [each.outcome for each in results] == [A] * 5
    assert peer.jumped == []


@pytest.mark.parametrize("phase", ["mail", "rcpt", "dot"])
async def test_refusals_inside_a_group_touch_only_their_own_message(phase: str, open_adapter: OpenAdapter):
    answers = {3: "550 5.7.1 Not today", 5: "451 4.7.1 Greylisted, try again in 300 seconds"}
    script = Script(
        extensions=CHUNKING, answer=lambda at, _: answers.get(peer.begun) if at == phase else None
    )
    bad = letter(6, headers=headers(6, Subject="Hello\r\nBcc: everybody@example.com"))
    async with running(script) as peer:
        results = await open_adapter(peer).send([*letters(5), bad, letter(7), letter(8)])
    assert [each.outcome for each in results] == [A, A, R, A, D, R, A, A]
    assert results[2].code == "550 5.7.1"
    assert results[2].fault is Fault.POLICY
    assert results[4].retry_after == timedelta(seconds=300)
    assert [each.recipient for each in peer.taken] == [f"lead{n}@example.com" for n in (1, 2, 4, 7, 8)]
    assert peer.connections == 1


async def test_a_peer_that_has_enough_in_the_middle_of_a_group_gets_the_rest_anew(open_adapter: OpenAdapter):
    def answer(phase: str, _: str) -> str | None:
        tired = phase == "mail" and peer.begun in {4, 9}
        return "421 4.4.5 Too many messages in this connection" if tired else None

    async with running(Script(extensions=CHUNKING, answer=answer)) as peer:
        results = await open_adapter(peer).send(letters(12))
    assert [each.outcome for each in results] == [A] * 12
    assert [each.recipient for each in peer.taken] == [each.recipient for each in letters(12)]
    assert peer.connections == 3


async def test_a_cut_leaves_what_was_written_unknown_and_the_rest_for_later(open_adapter: OpenAdapter):
    script = Script(extensions=CHUNKING, cut=lambda at, number: at == "dot" and number == 3)
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(20))
    unknown = MOST_IN_GROUP - 1
    assert [each.outcome for each in results] == [A, A, *[U] * unknown, *[D] * (18 - unknown)]
    assert peer.connections == 1


async def test_a_message_refused_before_the_cut_is_refused(open_adapter: OpenAdapter):
    script = Script(
        extensions=CHUNKING,
        answer=lambda at, _: "550 5.1.1 No such user" if at == "rcpt" and peer.begun == 3 else None,
        cut=lambda at, number: at == "body" and number == 3,
    )
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert [each.outcome for each in results] == [A, A, R]


async def test_a_connection_that_is_new_or_was_idle_hands_nothing_over_when_it_dies(
    open_adapter: OpenAdapter,
):
    script = Script(extensions=CHUNKING)
    async with running(script) as peer:
        adapter = open_adapter(peer)
        assert [each.outcome for each in await adapter.send(letters(3))] == [A] * 3
        adapter._idle[0]._used_at -= 10  # As if it had been idle for ten seconds.
        script.cut = lambda at, number: at == "mail" and number == 4
        assert [each.outcome for each in await adapter.send(letters(3))] == [A] * 3
        script.cut = lambda at, number: at == "mail"
        assert U not in {each.outcome for each in await open_adapter(peer).send(letters(3))}
    assert len(peer.taken) == 6


async def test_a_long_message_that_is_cut_was_certainly_not_sent(open_adapter: OpenAdapter):
    script = Script(
        extensions=("PIPELINING", "8BITMIME", "CHUNKING"),
        cut=lambda at, number: at == "body" and number == 3,
        body_before_cut=100_000,
    )
    long = letter(3, text="A line of a very long message.\n" * 700_000)
    middle = letter(4, text="A line of a rather long message.\n" * 10_000)
    async with running(script) as peer:
        results = await open_adapter(peer).send([letter(1), letter(2), long, middle, letter(5)])
    assert [each.outcome for each in results] == [A, A, D, A, A]
    assert results[2].fault is Fault.MESSAGE
    assert len(peer.taken[2].content) > 300_000


@pytest.mark.parametrize("seed", range(8))
async def test_wherever_connections_are_cut_no_outcome_is_a_lie(seed: int, open_adapter: OpenAdapter):
    """Whatever is called not sent did not arrive; whatever is called sent did; nothing arrives twice."""
    dice = random.Random(seed)
    doomed = {
        (dice.choice(["mail", "rcpt", "body", "dot"]), dice.randint(1, 60)) for _ in range(dice.randint(1, 6))
    }
    refused = {dice.randint(1, 60) for _ in range(3)}
    connections = dice.randint(1, 4)
    script = Script(
        extensions=CHUNKING,
        cut=lambda at, number: (at, number) in doomed,
        answer=lambda at, _: "550 5.7.1 No" if at == "rcpt" and peer.begun in refused else None,
    )
    batch = letters(50)
    async with running(script) as peer:
        results = await open_adapter(peer, connections=connections).send(batch)
    arrived = Counter(each.recipient for each in peer.taken)
    for message, result in zip(batch, results, strict=True):
        if result.outcome is A:
            assert arrived[message.recipient] == 1
        elif result.outcome is U:
            assert arrived[message.recipient] <= 1
        else:
            assert arrived[message.recipient] == 0, f"called not sent, and has arrived: {result}"
    assert sum(each.outcome is U for each in results) <= MOST_IN_GROUP * connections
