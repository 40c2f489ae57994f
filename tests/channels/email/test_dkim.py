"""Signatures, read by dkimpy: an implementation that owes nothing to ours."""

from collections.abc import Mapping

import dkim
import pytest
from msgspec.structs import replace

from mailgenius.channels.email.dkim import SIGNED_HEADERS, DkimSigner, SigningKey
from mailgenius.channels.email.dkim_keys import DkimAlgorithm, KeyPair, load_private, new_key, record_of
from mailgenius.channels.email.mime import build
from tests.channels.email.smtp.conftest import OpenAdapter, open_adapter as open_adapter
from tests.channels.letters import headers, letter
from tests.channels.smtp_peer import CHUNKING, EVERYTHING, Script, running

PAIRS = {algorithm.value: new_key(algorithm) for algorithm in DkimAlgorithm}
LISTED = {
    "Reply-To": "Ação <contato@sender.example>",
    "List-Unsubscribe": "<https://mail.sender.example/u/" + "x" * 90 + ">",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Id": "Ofertas do mês <w7.list.sender.example>",
    "Feedback-ID": "1:7:campaign:mailgenius",
    "X-Other": "not signed",
}
TEXTS = {
    "nothing": "",
    "one line without an end": "Hello",
    "empty lines at both ends": "\n\nHello\n\n\n\n",
    "empty lines alone": "\n\n\n",
    "spaces and tabs": "a  b \t c\t\n   \n\t\nd   \n \n",
    "dots": ".\n..\n.hidden\nand.\n.\n",
    "utf-8": "Promoção: 50 % de desconto – só hoje \u00a0!\n  Até já  \n",
    "a long line": "word " * 400 + "\n",
    "a long line of utf-8": "ção" * 700 + "  \n\n",
    "soft breaks and equals signs": "=" * 80 + "\n=20 \n" + "x" * 1500,
}


def signer_of(pairs: Mapping[str, KeyPair]) -> DkimSigner:
    keys = [SigningKey(name, load_private(pair.private)) for name, pair in pairs.items()]
    return DkimSigner("sender.example", keys)


BOTH = signer_of(PAIRS)
QUICK = signer_of({"ed25519": PAIRS["ed25519"]})


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    selector = name.decode().partition("._domainkey.sender.example.")[0]
    pair = PAIRS.get(selector)
    return record_of(pair.algorithm, pair.public).encode() if pair else None


def verdicts(mail: bytes) -> list[bool]:
    """Say of each signature of a message whether it holds."""

    def holds(number: int) -> bool:
        try:
            return dkim.DKIM(mail).verify(idx=number, dnsfunc=dns)
        except dkim.DKIMException:
            return False

    return [holds(number) for number in range(mail.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:"))]


@pytest.mark.parametrize("eight_bit", [True, False], ids=["8bit", "7bit"])
@pytest.mark.parametrize("name", TEXTS)
def test_odd_bodies_are_signed_as_others_read_them(name: str, eight_bit: bool):
    for html in ("", TEXTS[name]):
        message = letter(1, text=TEXTS[name], html=html, headers=headers(1, **LISTED), signer=BOTH)
        mail = build(message, eight_bit=eight_bit).data
        assert verdicts(mail) == [True, True], mail
        assert mail.endswith(build(replace(message, signer=None), eight_bit=eight_bit).data)


def test_the_headers_that_mailbox_providers_ask_for_are_signed():
    mail = build(letter(1, headers=headers(1, **LISTED), signer=QUICK)).data
    assert verdicts(mail) == [True]
    for name in SIGNED_HEADERS:
        at = mail.lower().index(b"\r\n" + name + b":") + 2 + len(name) + 1
        forged = mail[:at] + b" x" + mail[at:]
        assert verdicts(forged) == [False], name
    assert verdicts(mail.replace(b"not signed", b"changed")) == [True]
    assert verdicts(mail.replace(b"\r\nTo: ", b"\r\nTo:  \t", 1)) == [True], "relaxed"
    # The first of two is what some programs show; both would have to be signed.
    before, _, after = mail.partition(b"\r\nFrom: ")
    assert verdicts(before + b"\r\nFrom: ceo@sender.example\r\nFrom: " + after) == [False]
    assert verdicts(mail + b"One more line.\r\n") == [False]


def test_one_key_makes_one_signature_of_lines_that_every_server_takes():
    for name, pair in PAIRS.items():
        signer = signer_of({name: pair})
        mail = build(letter(1, headers=headers(1, **LISTED), signer=signer)).data
        signature = mail.partition(b"\r\nDate:")[0]
        assert verdicts(mail) == [True]
        assert f"a={name}-sha256" in signature.decode()
        assert max(map(len, signature.split(b"\r\n"))) <= 100


@pytest.mark.parametrize("extensions", [EVERYTHING, CHUNKING, ("PIPELINING",)], ids=["data", "bdat", "7bit"])
async def test_what_arrives_at_a_mail_server_verifies(open_adapter: OpenAdapter, extensions: tuple[str, ...]):
    messages = [
        letter(n, text=text, signer=BOTH, headers=headers(n, **LISTED))
        for n, text in enumerate(TEXTS.values())
    ]
    async with running(Script(extensions=extensions)) as peer:
        await open_adapter(peer).send(messages)
    assert [verdicts(taken.content) for taken in peer.taken] == [[True, True]] * len(messages)
