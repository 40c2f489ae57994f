"""An OutgoingMessage as RFC 5322 bytes, made fast. Reading such bytes is left to the standard library.

The bytes have CRLF line ends, end with one, and are not dot-stuffed: that is the SMTP session's business.
Building the same message twice gives the same bytes, except for a Date header that the message did not bring
and the time in a signature.
"""

from binascii import b2a_qp
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

from mailgenius.channels.contract import EncodedBodies, OutgoingMessage
from mailgenius.channels.email.headers import LONGEST_LINE, Form, header_line, plan
from mailgenius.channels.errors import ContentRefused
from mailgenius.kit.clock import now

_TEXT = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
_HTML = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "


class BuiltMessage(NamedTuple):
    """A finished message and what a peer must be able to do to take it."""

    data: bytes
    needs_eight_bit: bool
    needs_utf8: bool
    """A header holds an address that only SMTPUTF8 can carry."""


class _Body(NamedTuple):
    encoding: bytes
    data: bytes


def build(message: OutgoingMessage, *, eight_bit: bool = True, utf8: bool = False) -> BuiltMessage:
    """Write the message. `eight_bit` and `utf8` say what the peer takes (8BITMIME, SMTPUTF8).

    Date, Message-ID, From and To are added when the message has none. Raises MessageRefused when the
    message cannot be written without changing what it says.
    """
    head = _head(message, utf8=utf8).encode()
    encoded = message.encoded or _encoded(message)
    if not message.html:
        text = _body(encoded.text, eight_bit=eight_bit)
        data = b"".join((head, _TEXT, text.encoding, b"\r\n\r\n", text.data))
    elif not message.text:
        html = _body(encoded.html, eight_bit=eight_bit)
        data = b"".join((head, _HTML, html.encoding, b"\r\n\r\n", html.data))
    else:
        text, html = _body(encoded.text, eight_bit=eight_bit), _body(encoded.html, eight_bit=eight_bit)
        data = _alternative(head, text, html, _boundary(message.message_id, text.data, html.data))
    if message.signer is not None:
        # Last of all, because it covers what this peer gets: 8bit or quoted-printable.
        data = message.signer.signed(data)
    return BuiltMessage(data, not data.isascii(), not head.isascii())


def _head(message: OutgoingMessage, *, utf8: bool) -> str:
    headers = message.headers
    forms, present, personal = plan(tuple([name for name, _ in headers]))
    lines = [
        header_line(name, value, form, utf8=utf8)
        for (name, value), form in zip(headers[:personal], forms, strict=False)
    ]
    if len(headers) > personal:
        lines.append(_shared_lines(headers[personal:], utf8))
    if "date" not in present:
        lines.insert(0, f"Date: {_date(int(now().timestamp()))}")
    if "message-id" not in present:
        domain = message.sender.rpartition("@")[2] or "localhost"
        lines.append(header_line("Message-ID", f"<{message.message_id}@{domain}>", Form.TOKENS))
    if "from" not in present:
        lines.append(header_line("From", message.sender, Form.MAILBOX, utf8=utf8))
    if "to" not in present:
        lines.append(header_line("To", message.recipient, Form.MAILBOX, utf8=utf8))
    lines.append("MIME-Version: 1.0\r\n")
    return "\r\n".join(lines)


@lru_cache(maxsize=256)
def _shared_lines(headers: tuple[tuple[str, str], ...], utf8: bool) -> str:  # noqa: FBT001  # a cache key is cheapest by position
    """Write the headers behind the personal ones: a campaign has the same in all its messages."""
    return "\r\n".join(
        [
            header_line(name, value, form, utf8=utf8)
            for (name, value), form in zip(
                headers, plan(tuple([name for name, _ in headers])).forms, strict=True
            )
        ]
    )


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second)


def _encoded(message: OutgoingMessage) -> EncodedBodies:
    try:
        return EncodedBodies(_data(message.text), _data(message.html))
    except UnicodeEncodeError as error:
        raise ContentRefused(reason="holds characters that are not valid Unicode") from error


def _data(content: str) -> bytes:
    """Encode a body. Bare CRs and LFs become line ends, and the last line is always ended."""
    if "\r" in content:
        content = content.replace("\r\n", "\n").replace("\r", "\n")
    data = content.encode().replace(b"\n", b"\r\n")
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _body(data: bytes, *, eight_bit: bool) -> _Body:
    ascii_only = data.isascii()
    if (ascii_only or eight_bit) and b"\0" not in data and _lines_fit(data):
        return _Body(b"7bit" if ascii_only else b"8bit", data)
    # b2a_qp writes soft breaks in the style of the first line end, which is why there must be one.
    return _Body(b"quoted-printable", b2a_qp(data))


def _lines_fit(data: bytes) -> bool:
    """Say whether no line is longer than RFC 5322 allows, in strides rather than line by line."""
    start, size = 0, len(data)
    while size - start > LONGEST_LINE:
        end = data.rfind(b"\r\n", start, start + LONGEST_LINE + 2)
        if end < 0:
            return False
        start = end + 2
    return True


def _boundary(message_id: int, text: bytes, html: bytes) -> bytes:
    """Return a boundary that no part contains, the same for each attempt of a message."""
    boundary = b"+mg+%x" % message_id
    # Most messages hold no plus sign, and looking for one byte costs a fraction of looking for several.
    if b"+" in text or b"+" in html:
        tries = 0
        while boundary in text or boundary in html:
            tries += 1
            boundary = b"+mg+%x+%x" % (message_id, tries)
    return boundary


def _alternative(head: bytes, text: _Body, html: _Body, boundary: bytes) -> bytes:
    delimiter = b"\r\n--" + boundary
    return b"".join(
        (
            head,
            b'Content-Type: multipart/alternative;\r\n boundary="',
            boundary,
            b'"\r\n',
            delimiter,
            b"\r\n",
            _TEXT,
            text.encoding,
            b"\r\n\r\n",
            text.data,
            delimiter,
            b"\r\n",
            _HTML,
            html.encoding,
            b"\r\n\r\n",
            html.data,
            delimiter,
            b"--\r\n",
        )
    )
