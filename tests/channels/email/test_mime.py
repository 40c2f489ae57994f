"""The bytes of an e-mail, read back by the standard library, which shares no code with what wrote them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings, strategies as st

from mailgenius.channels.email.mime import build
from mailgenius.channels.errors import ContentRefused, HeaderRefused, NeedsSmtpUtf8
from mailgenius.kit import clock
from tests.channels.letters import headers, letter

READABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
CONTENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2000)
FORBIDDEN = st.sampled_from(
    [*(chr(n) for n in range(32) if chr(n) != "\t"), "\x7f", "\x85", "\u2028", "\u2029"]
)


def parse(data: bytes) -> EmailMessage:
    parsed = message_from_bytes(data, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def part(parsed: EmailMessage, kind: str) -> str:
    found = parsed.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def as_sent(content: str) -> str:
    """What a reader gets: line ends of one kind, and the last line ended."""
    unix = content.replace("\r\n", "\n").replace("\r", "\n")
    return unix if unix.endswith("\n") else unix + "\n"


def assert_lawful(data: bytes, *, eight_bit: bool) -> None:
    assert data.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data), "a bare line end"
    assert b"\0" not in data
    assert max(len(each) for each in data.split(b"\r\n")) <= 998
    assert eight_bit or data.isascii()
    head = data.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert line.strip(), "a header line of spaces only"
        assert line.isascii()
        if b"=?" in line:
            assert len(line) <= 78
            for word in re.findall(rb"=\?[^?]+\?[qb]\?[^?]*\?=", line):
                assert len(word) <= 75


@settings(max_examples=120, deadline=None)
@given(text=CONTENT, html=CONTENT, eight_bit=st.booleans())
def test_both_bodies_arrive_as_they_were(text: str, html: str, eight_bit: bool):
    data = build(letter(text=text, html=html), eight_bit=eight_bit).data
    assert_lawful(data, eight_bit=eight_bit)
    parsed = parse(data)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert part(parsed, "plain") == as_sent(text)
    assert part(parsed, "html") == as_sent(html)


@settings(max_examples=150, deadline=None)
@given(subject=READABLE)
@example(subject=" 0 ")
def test_subject_arrives_as_it_was(subject: str):
    data = build(letter(headers=headers(Subject=subject))).data
    assert_lawful(data, eight_bit=True)
    assert parse(data)["Subject"] == subject.strip(" ")


@settings(max_examples=100, deadline=None)
@given(name=READABLE)
def test_unquoted_name_is_one_name_whatever_it_holds(name: str):
    """A lead's name is pasted before the address by people; nothing in it becomes another address."""
    data = build(letter(headers=headers(To=f"{name} <lead1@example.com>"))).data
    addresses = parse(data)["To"].addresses
    assert [each.addr_spec for each in addresses] == ["lead1@example.com"]


@settings(max_examples=120, deadline=None)
@given(
    header=st.sampled_from(["Subject", "From", "To", "Reply-To", "List-Id", "Message-ID", "X-Anything"]),
    before=READABLE,
    control=FORBIDDEN,
    after=READABLE,
)
def test_control_characters_never_leave(header: str, before: str, control: str, after: str):
    with pytest.raises(HeaderRefused):
        build(letter(headers=headers(1, **{header: f"{before}{control}{after} <a@b.example>"})))


@pytest.mark.parametrize(
    "name", ["", "Two words", "Colon:", "Bcc", "Ünicode", "X\r\nBcc", "Content-Type", "X" * 80]
)
def test_header_names_that_are_refused(name: str):
    with pytest.raises(HeaderRefused):
        build(letter(headers=(*headers(), (name, "x"))))


def test_second_subject_is_refused():
    with pytest.raises(HeaderRefused, match="appears twice"):
        build(letter(headers=(*headers(), ("subject", "x"))))


def test_halves_of_characters_are_refused():
    with pytest.raises(ContentRefused):
        build(letter(text="\ud83d"))
    with pytest.raises(HeaderRefused):
        build(letter(headers=headers(Subject="\ud83d")))


def encodings(data: bytes) -> list[str]:
    return [str(each["Content-Transfer-Encoding"]) for each in parse(data).walk() if not each.is_multipart()]


@pytest.mark.parametrize(
    ("text", "eight_bit", "expected"),
    [
        ("plain\n", False, "7bit"),
        ("ação\n", True, "8bit"),
        ("ação\n", False, "quoted-printable"),
        ("x" * 998 + "\n", True, "7bit"),
        ("x" * 999 + "\n", True, "quoted-printable"),
        ("é" * 499 + "\n", True, "8bit"),
        ("é" * 500 + "\n", True, "quoted-printable"),
        ("short\n" * 300 + "x" * 999, True, "quoted-printable"),
        ("nul\0\n", True, "quoted-printable"),
    ],
)
def test_encoding_follows_the_content_and_the_peer(text: str, eight_bit: bool, expected: str):
    built = build(letter(text=text, html=""), eight_bit=eight_bit)
    assert encodings(built.data) == [expected]
    assert built.needs_eight_bit == (expected == "8bit")
    assert_lawful(built.data, eight_bit=eight_bit)


def test_one_part_only_when_there_is_only_one():
    assert parse(build(letter(html="")).data).get_content_type() == "text/plain"
    assert parse(build(letter(text="")).data).get_content_type() == "text/html"


def test_content_that_holds_the_boundary_does_not_break_out():
    boundary = parse(build(letter()).data).get_boundary()
    text = f"--{boundary}\n--{boundary}_1\n--{boundary}--\nstill the text\n"
    parsed = parse(build(letter(text=text)).data)
    assert part(parsed, "plain") == text
    assert len(list(parsed.iter_parts())) == 2


def test_same_message_gives_the_same_bytes():
    assert build(letter()).data == build(letter()).data


def test_missing_headers_are_written():
    with clock.fixed(clock.now().replace(2025, 1, 6, 12, 0, 0, 0)):
        parsed = parse(build(letter(headers=(("Subject", "x"),))).data)
    assert parsed["From"] == "bounce@sender.example"
    assert parsed["To"] == "lead1@example.com"
    assert parsed["Message-ID"] == "<1001@sender.example>"
    assert parsed["Date"] == "Mon, 06 Jan 2025 12:00:00 -0000"


def test_international_mailbox_is_written_only_where_it_may_be():
    message = letter(headers=headers(To="José <josé@exämple.com>"))
    with pytest.raises(NeedsSmtpUtf8):
        build(message)
    built = build(message, utf8=True)
    assert built.needs_utf8
    assert "<josé@xn--exmple-cua.com>".encode() in built.data
    assert not build(letter(), utf8=True).needs_utf8
