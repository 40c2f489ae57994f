"""Header lines as they are written: folding, quoting, and the forms of particular headers."""

from email import message_from_string, policy
from email.header import decode_header, make_header
from email.utils import unquote

import pytest
from hypothesis import given, settings, strategies as st

from mailgenius.channels.email.headers import header_line, mailbox, plan
from mailgenius.channels.errors import HeaderRefused

READABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120)


def display_name(written: str) -> str:
    """Read the name with the older half of the standard library.

    The newer one puts a space between two encoded-words of a name, against RFC 2047 §6.2 (seen in 3.11).
    """
    phrase = written.partition(":")[2].replace("\r\n", "").rpartition("<")[0].strip(" ")
    if phrase.startswith('"'):
        return unquote(phrase)
    return str(make_header(decode_header(phrase))) if phrase else ""


def line(name: str, value: str) -> str:
    return header_line(name, value, plan((name,)).forms[0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example", "a@b.example"),
        ("<a@b.example>", "<a@b.example>"),
        ("Ana <a@b.example>", "Ana <a@b.example>"),
        ('"Ana" <a@b.example>', "Ana <a@b.example>"),
        ("Silva, Ana <a@b.example>", '"Silva, Ana" <a@b.example>'),
        ('Ana "Nina" S. <a@b.example>', '"Ana \\"Nina\\" S." <a@b.example>'),
        ("x@y.example <a@b.example>", '"x@y.example" <a@b.example>'),
        ("João <a@b.example>", "=?utf-8?b?Sm/Do28=?= <a@b.example>"),
        ("João Silva <a@b.example>", "=?utf-8?q?Jo=C3=A3o_Silva?= <a@b.example>"),
        ("=?utf-8?q?fake?= <a@b.example>", "=?utf-8?b?PT91dGYtOD9xP2Zha2U/PQ==?= <a@b.example>"),
        ("Ana <a@exämple.com>", "Ana <a@xn--exmple-cua.com>"),
    ],
)
def test_mailboxes(value: str, expected: str):
    assert line("From", value) == f"From: {expected}"
    assert line("To", value) == f"To: {expected}"


@pytest.mark.parametrize(
    "value",
    ["", "Ana", "Ana <>", "Ana <a@b.example", "a@b.example, c@d.example", "<a b@c.example>", "@", "a@"],
)
def test_mailboxes_that_are_refused(value: str):
    with pytest.raises(HeaderRefused):
        line("From", value)


def test_reply_to_may_name_several():
    written = line("Reply-To", 'Silva, Ana <a@b.example>, c@d.example,"x, y" <e@f.example>')
    assert written == 'Reply-To: "Silva, Ana" <a@b.example>,\r\n c@d.example,\r\n "x, y" <e@f.example>'


@settings(max_examples=100, deadline=None)
@given(name=READABLE)
def test_mailbox_writes_any_name_safely(name: str):
    written = line("To", mailbox(name, "a@b.example"))
    assert display_name(written) == name.strip(" ")
    parsed = message_from_string(f"{written}\r\n\r\n", policy=policy.default)
    assert [each.addr_spec for each in parsed["To"].addresses] == ["a@b.example"]


def test_long_ascii_is_folded_at_its_spaces():
    words = " ".join(f"word{n}" for n in range(60))
    lines = line("Subject", words).split("\r\n")
    assert len(lines) > 4
    assert max(map(len, lines)) <= 78
    assert "".join(lines) == f"Subject: {words}"


def test_token_without_spaces_is_never_cut():
    link = f"<https://example.com/u/{'t' * 300}>"
    assert line("List-Unsubscribe", f"{link}, <mailto:u@example.com>") == (
        f"List-Unsubscribe: {link},\r\n <mailto:u@example.com>"
    )
    with pytest.raises(HeaderRefused, match="too long"):
        line("List-Unsubscribe", "x" * 1000)


def test_long_word_in_a_subject_is_encoded_rather_than_cut():
    lines = line("Subject", "x" * 1200).split("\r\n")
    assert max(map(len, lines)) <= 78
    parsed = message_from_string("\r\n".join(lines) + "\r\n\r\n", policy=policy.default)
    assert parsed["Subject"] == "x" * 1200


def test_list_id_keeps_its_identifier_in_ascii():
    assert line("List-Id", "Notícias, da Ação <news.example>") == (
        "List-Id: =?utf-8?b?Tm90w61jaWFzLCBkYSBBw6fDo28=?= <news.example>"
    )
    assert line("List-Id", "<news.example>") == "List-Id: <news.example>"
    for value in ("Ação", "x <ação>", "x <a b>", "x <a> y"):
        with pytest.raises(HeaderRefused):
            line("List-Id", value)


def test_identifiers_hold_ascii_only():
    with pytest.raises(HeaderRefused, match="ASCII"):
        line("Message-ID", "<ação@example.com>")


def test_tab_becomes_a_space():
    assert line("Subject", "a\tb") == "Subject: a b"
