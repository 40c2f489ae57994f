"""Mail transactions with peers that offer more or less, and refuse some messages of a pipeline."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from mailgenius.channels.contract import Fault, Outcome
from tests.channels.email.smtp.conftest import OpenAdapter
from tests.channels.letters import headers, letter, letters
from tests.channels.smtp_peer import EVERYTHING, Script, running

A, D, R = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED
NO_PIPELINING = tuple(each for each in EVERYTHING if each != "PIPELINING")


def unix(text: str) -> str:
    return text.replace("\r\n", "\n")


async def test_messages_arrive_in_order_on_one_connection_with_the_peers_reference(open_adapter: OpenAdapter):
    batch = letters(20)
    async with running(Script()) as peer:
        results = await open_adapter(peer).send(batch)
    assert [each.outcome for each in results] == [A] * 20
    assert [each.recipient for each in peer.taken] == [each.recipient for each in batch]
    assert {each.sender for each in peer.taken} == {"bounce@sender.example"}
    assert results[4].provider_ref == "Q5"
    assert results[4].code == "250 2.0.0"
    assert peer.connections == 1


async def test_dots_and_both_parts_arrive_unchanged(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        await open_adapter(peer).send([letter(1)])
    parsed = message_from_bytes(peer.taken[0].content, policy=policy.default)
    assert parsed["Subject"] == "Novidades de março, nº 1"
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert unix(text.get_content()) == letter(1).text
    assert unix(html.get_content()) == letter(1).html
    assert text["Content-Transfer-Encoding"] == "8bit"


async def test_next_envelope_travels_with_the_content_before_it(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        await open_adapter(peer).send(letters(3))
    assert {"MAIL", "RCPT"} <= set(peer.jumped)
    assert "DATA" not in peer.jumped, "RFC 2920: nothing may follow DATA before its answer"


async def test_peer_without_pipelining_is_never_hurried(open_adapter: OpenAdapter):
    async with running(Script(extensions=NO_PIPELINING)) as peer:
        results = await open_adapter(peer).send(letters(5))
    assert [each.outcome for each in results] == [A] * 5
    assert peer.jumped == []


async def test_peer_without_8bitmime_gets_seven_bits(open_adapter: OpenAdapter):
    async with running(Script(extensions=("PIPELINING",))) as peer:
        await open_adapter(peer).send([letter(1)])
    content = peer.taken[0].content
    assert content.isascii()
    parsed = message_from_bytes(content, policy=policy.default)
    part = parsed.get_body(("plain",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert unix(part.get_content()) == letter(1).text
    assert not any("BODY=" in each for each in peer.commands)


async def test_eight_bits_and_size_are_announced_where_the_peer_knows_them(open_adapter: OpenAdapter):
    plain = letter(2, text="plain\n", html="", headers=headers(2, From="a@b.example", Subject="x"))
    async with running(Script()) as peer:
        await open_adapter(peer).send([letter(1), plain])
    first, second = [each for each in peer.commands if each.startswith("MAIL")]
    assert first == f"MAIL FROM:<bounce@sender.example> SIZE={len(peer.taken[0].content)} BODY=8BITMIME"
    assert second == f"MAIL FROM:<bounce@sender.example> SIZE={len(peer.taken[1].content)}"


async def test_message_over_the_peers_size_is_not_sent(open_adapter: OpenAdapter):
    async with running(Script(extensions=("PIPELINING", "SIZE 20000"))) as peer:
        results = await open_adapter(peer).send([letter(1), letter(2, text="x" * 30_000), letter(3)])
    assert [each.outcome for each in results] == [A, R, A]
    assert results[1].fault is Fault.POLICY
    assert "20000" in results[1].reason
    assert len(peer.taken) == 2


async def test_ehlo_refused_falls_back_to_helo(open_adapter: OpenAdapter):
    script = Script(answer=lambda at, _: "502 5.5.1 what is EHLO" if at == "ehlo" else None)
    async with running(script) as peer:
        results = await open_adapter(peer, helo="sender.example").send(letters(2))
    assert [each.outcome for each in results] == [A, A]
    assert peer.commands[:2] == ["EHLO sender.example", "HELO sender.example"]
    assert not any(" SIZE=" in each or "BODY=" in each for each in peer.commands)


@pytest.mark.parametrize("extensions", [EVERYTHING, NO_PIPELINING])
@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
async def test_refusals_inside_a_batch_touch_only_their_own_message(
    phase: str, extensions: tuple[str, ...], open_adapter: OpenAdapter
):
    answers = {2: "550 5.7.1 Not today", 4: "451 4.7.1 Greylisted, try again in 300 seconds"}

    def answer(at: str, argument: str) -> str | None:
        return answers.get(peer.begun) if at == phase else None

    async with running(Script(extensions=extensions, answer=answer)) as peer:
        results = await open_adapter(peer).send(letters(6))
    assert [each.outcome for each in results] == [A, R, A, D, A, A]
    assert results[1].code == "550 5.7.1"
    assert results[1].fault is Fault.POLICY
    assert results[1].retry_after is None
    assert results[3].code == "451 4.7.1"
    assert results[3].retry_after == timedelta(seconds=300)
    assert [each.recipient for each in peer.taken] == [f"lead{n}@example.com" for n in (1, 3, 5, 6)]
    assert peer.connections == 1


async def test_data_accepted_without_recipient_is_ended_by_a_lone_dot(open_adapter: OpenAdapter):
    """RFC 2920 §3.1: a peer may answer 354 although it refused the only recipient."""

    def answer(at: str, argument: str) -> str | None:
        if at == "rcpt" and "lead2@" in argument:
            return "550 5.1.1 No such user"
        return "354 go ahead anyway" if at == "data" else None

    async with running(Script(answer=answer)) as peer:
        results = await open_adapter(peer).send(letters(3))
    assert [each.outcome for each in results] == [A, R, A]
    assert results[1].fault is Fault.RECIPIENT
    assert [each.recipient for each in peer.taken] == ["lead1@example.com", "lead3@example.com"]
    assert peer.received == 3


async def test_sign_in_demanded_at_mail_is_the_connections_fault(open_adapter: OpenAdapter):
    script = Script(answer=lambda at, _: "530 5.7.0 Authentication required" if at == "mail" else None)
    async with running(script) as peer:
        results = await open_adapter(peer).send(letters(2))
    assert [(each.outcome, each.fault) for each in results] == [(D, Fault.CONNECTION)] * 2


async def test_message_that_cannot_be_written_is_refused_alone(open_adapter: OpenAdapter):
    bad = letter(2, headers=headers(2, Subject="Hello\r\nBcc: everybody@example.com"))
    nobody = letter(3, recipient="not an address")
    async with running(Script()) as peer:
        results = await open_adapter(peer).send([letter(1), bad, nobody, letter(4)])
    assert [(each.outcome, each.fault) for each in results] == [
        (A, Fault.NONE),
        (R, Fault.POLICY),
        (R, Fault.RECIPIENT),
        (A, Fault.NONE),
    ]
    assert results[1].reason == "The header Subject holds a line break or another control character."
    assert all("everybody" not in each for each in peer.commands)


async def test_international_mailbox_needs_a_peer_that_takes_it(open_adapter: OpenAdapter):
    message = letter(1, recipient="josé@exämple.com", headers=headers(To="josé@exämple.com"))
    async with running(Script()) as peer:
        results = await open_adapter(peer).send([message])
        assert results[0].outcome is R
        assert "SMTPUTF8" in results[0].reason
        peer.script.extensions = (*EVERYTHING, "SMTPUTF8")
        results = await open_adapter(peer).send([message])
    assert results[0].outcome is A
    assert peer.taken[0].recipient == "josé@xn--exmple-cua.com"
    assert any(each.startswith("MAIL") and each.endswith(" SMTPUTF8") for each in peer.commands)


async def test_international_domain_is_written_in_ascii(open_adapter: OpenAdapter):
    message = letter(1, recipient="jose@exämple.com", headers=headers(To="José <jose@exämple.com>"))
    async with running(Script()) as peer:
        results = await open_adapter(peer).send([message])
    assert results[0].outcome is A
    assert peer.taken[0].recipient == "jose@xn--exmple-cua.com"
    assert b"<jose@xn--exmple-cua.com>" in peer.taken[0].content


async def test_null_sender_is_allowed(open_adapter: OpenAdapter):
    async with running(Script(extensions=())) as peer:
        results = await open_adapter(peer).send([letter(1, sender="")])
    assert results[0].outcome is A
    assert "MAIL FROM:<>" in peer.commands


async def test_nothing_to_send_opens_nothing(open_adapter: OpenAdapter):
    async with running(Script()) as peer:
        assert await open_adapter(peer).send([]) == []
    assert peer.connections == 0
