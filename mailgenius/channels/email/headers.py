"""Header lines: what a name may hold, control characters refused, encoding, folding.

Not here: which headers a message has (`mime.py`) and who decides their values (the engine and above).
"""

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from mailgenius.channels.email.addresses import BadAddress, wire_address
from mailgenius.channels.email.encoded_words import LONGEST_WORD, SHORTEST_FIRST_WORD, encode_words
from mailgenius.channels.errors import HeaderRefused, NeedsSmtpUtf8

FOLD_AT = 78
LONGEST_LINE = 998
_LONGEST_QUOTED_NAME = 60


class Form(Enum):
    """The grammar of a header's value."""

    TEXT = "text"
    """Free text: anything, encoded when it must be."""
    MAILBOX = "mailbox"
    """One address, with or without a display name."""
    MAILBOXES = "mailboxes"
    """Addresses separated by commas."""
    LABELLED = "labelled"
    """A name in words and an identifier in angle brackets."""
    TOKENS = "tokens"
    """Identifiers, links and dates: ASCII, folded only where it has spaces."""


_FORMS = {
    "from": Form.MAILBOX,
    "sender": Form.MAILBOX,
    "to": Form.MAILBOX,
    "reply-to": Form.MAILBOXES,
    "cc": Form.MAILBOXES,
    "list-id": Form.LABELLED,
    "date": Form.TOKENS,
    "message-id": Form.TOKENS,
    "in-reply-to": Form.TOKENS,
    "references": Form.TOKENS,
    "list-unsubscribe": Form.TOKENS,
    "list-unsubscribe-post": Form.TOKENS,
    "list-help": Form.TOKENS,
    "list-archive": Form.TOKENS,
    "feedback-id": Form.TOKENS,
    "auto-submitted": Form.TOKENS,
    "precedence": Form.TOKENS,
}
_WRITTEN_BY_ENCODER = frozenset({"mime-version", "content-type", "content-transfer-encoding", "bcc"})
_ONCE = frozenset(
    {"from", "sender", "to", "reply-to", "cc", "subject", "date", "message-id", "list-unsubscribe"}
)

_PERSONAL = frozenset({"to", "subject", "date", "message-id", "list-unsubscribe"})

_NAME = re.compile(r"[!-9;-~]{1,70}")
# Control characters, the line and paragraph separators of Unicode, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WHOLLY_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_QUOTED_PAIR = re.compile(r"\\(.)")
_PIECES = re.compile(r" *[^ ]+")
_BARE_ADDRESS = re.compile(r"[^\s<>,]+@[^\s<>,]+")


class Plan(NamedTuple):
    """What a list of header names asks for; found once for a campaign, because its names repeat."""

    forms: tuple[Form, ...]
    present: frozenset[str]
    """The names in lower case."""
    personal: int
    """How many headers there are up to the last that differs between the messages of a campaign."""


@lru_cache(maxsize=1024)
def plan(names: tuple[str, ...]) -> Plan:
    """Look up the headers of a message by name.

    Raises HeaderRefused for a name that is no header name, is the encoder's own, or appears twice.
    """
    seen: set[str] = set()
    for name in names:
        lower = name.lower()
        if _NAME.fullmatch(name) is None:
            raise HeaderRefused(header=ascii(name), reason="has a name that is not allowed")
        if lower in _WRITTEN_BY_ENCODER:
            raise HeaderRefused(header=name, reason="cannot be set by hand")
        if lower in seen and lower in _ONCE:
            raise HeaderRefused(header=name, reason="appears twice")
        seen.add(lower)
    forms = tuple(_FORMS.get(name.lower(), Form.TEXT) for name in names)
    personal = [place for place, name in enumerate(names, start=1) if name.lower() in _PERSONAL]
    return Plan(forms, frozenset(seen), max(personal, default=0))


def mailbox(name: str, address: str) -> str:
    """Write `name <address>` in the one way that no content of the name can be mistaken for an address."""
    name = name.strip(" ")
    if not name:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def header_line(name: str, value: str, form: Form, *, utf8: bool = False) -> str:
    """Return one encoded and folded header, without its last line end.

    With `utf8`, the peer takes addresses whose local part is outside ASCII and they are written as they
    are. Raises HeaderRefused, or NeedsSmtpUtf8 for such an address without `utf8`.
    """
    if form is Form.TEXT or form is Form.TOKENS:
        # Nearly every header of a bulk message: short, printable ASCII.
        if (
            len(name) + len(value) < FOLD_AT - 1
            and value.isascii()
            and value.isprintable()
            and "=?" not in value
        ):
            return f"{name}: {value.strip(' ')}"
        return _text_line(name, value) if form is Form.TEXT else _tokens_line(name, value)
    if form is Form.MAILBOX and name.lower() == "to":
        # Differs for every recipient: not worth a place in the cache.
        return _mailbox_line(name, value, utf8=utf8)
    return _cached_line(name, value, form, utf8)


@lru_cache(maxsize=1024)
def _cached_line(name: str, value: str, form: Form, utf8: bool) -> str:  # noqa: FBT001  # a cache key is cheapest by position
    if form is Form.MAILBOX:
        return _mailbox_line(name, value, utf8=utf8)
    if form is Form.LABELLED:
        return _labelled_line(name, value)
    first, *others = _split_mailboxes(_checked(name, value))
    boxes = [_mailbox(name, first, utf8=utf8, start=len(name) + 1)]
    boxes += [_mailbox(name, each, utf8=utf8, start=0) for each in others]
    return f"{name}:" + ",\r\n".join(boxes)


@lru_cache(maxsize=1024)
def _text_line(name: str, value: str) -> str:
    value = _checked(name, value)
    if value.isascii() and "=?" not in value:
        folded = _fold(f"{name}: {value}")
        if folded is not None:
            return folded
    return f"{name}:" + _words(value, start=len(name) + 1)


def _tokens_line(name: str, value: str) -> str:
    value = _checked(name, value)
    if not value.isascii():
        raise HeaderRefused(header=name, reason="may only hold ASCII characters")
    if " " not in value and len(name) + len(value) < LONGEST_LINE - 1:
        return f"{name}: {value}"
    folded = _fold(f"{name}: {value}")
    if folded is None:
        raise HeaderRefused(header=name, reason="is too long")
    return folded


def _labelled_line(name: str, value: str) -> str:
    label, bracket, identifier = _checked(name, value).rpartition("<")
    if not bracket:
        return _tokens_line(name, value)
    if not identifier.endswith(">") or not identifier.isascii() or " " in identifier:
        raise HeaderRefused(header=name, reason="needs an identifier in angle brackets at its end")
    label, tail = label.strip(), f"<{identifier}"
    return f"{name}:" + (_phrase(label, start=len(name) + 1, tail=tail) if label else f" {tail}")


def _mailbox_line(name: str, value: str, *, utf8: bool) -> str:
    return f"{name}:" + _mailbox(name, _checked(name, value), utf8=utf8, start=len(name) + 1)


def _mailbox(name: str, value: str, *, utf8: bool, start: int) -> str:
    """Return one address and its display name, with the space before it."""
    label, bracket, address = value.rpartition("<")
    if bracket and not address.endswith(">"):
        raise HeaderRefused(header=name, reason="is not an e-mail address")
    try:
        address = wire_address(address.removesuffix(">") if bracket else address)
    except BadAddress as error:
        raise HeaderRefused(header=name, reason=f"has an address that {error}") from error
    if not utf8 and not address.isascii():
        raise NeedsSmtpUtf8(address=address)
    label = label.strip()
    if label:
        return _phrase(label, start=start, tail=f"<{address}>")
    return f" <{address}>" if bracket else f" {address}"


def _split_mailboxes(value: str) -> list[str]:
    """Split at the commas that separate addresses; a comma inside a name stays with its name."""
    boxes: list[str] = []
    pending = ""
    for piece in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,])+', value):
        pending = f"{pending},{piece}" if pending else piece.strip()
        if pending.endswith(">") or _BARE_ADDRESS.fullmatch(pending.strip()) is not None:
            boxes.append(pending.strip())
            pending = ""
    return [*boxes, pending] if pending or not boxes else boxes


def _phrase(label: str, *, start: int, tail: str) -> str:
    """Return the name and what follows it, folded, with the space before it."""
    quoted = _WHOLLY_QUOTED.fullmatch(label)
    if quoted is not None:
        label = _QUOTED_PAIR.sub(r"\1", quoted[1])
    if not label.isascii() or "=?" in label or len(label) > _LONGEST_QUOTED_NAME:
        written = _words(label, start=start)
    elif _ATOMS.fullmatch(label) is not None:
        written = f" {label}"
    else:
        escaped = label.replace("\\", "\\\\").replace('"', '\\"')
        written = f' "{escaped}"'
    last = len(written) - written.rfind("\n") - 1 if "\n" in written else start + len(written)
    return f"{written} {tail}" if last + 1 + len(tail) <= FOLD_AT else f"{written}\r\n {tail}"


def _words(text: str, *, start: int) -> str:
    """Return encoded-words one on a line, with the space or the fold before the first."""
    room = LONGEST_WORD - start
    if room < SHORTEST_FIRST_WORD:
        return "\r\n " + "\r\n ".join(encode_words(text))
    return " " + "\r\n ".join(encode_words(text, first_room=room))


def _checked(name: str, value: str) -> str:
    # Nothing that is forbidden counts as printable, in any alphabet.
    if value.isprintable():
        return value.strip(" ")
    if _FORBIDDEN.search(value) is not None:
        raise HeaderRefused(header=name, reason="holds a line break or another control character")
    return value.replace("\t", " ").strip(" ")


def _fold(line: str) -> str | None:
    """Fold at spaces; None when a piece without spaces is longer than a line may be."""
    if len(line) <= FOLD_AT:
        return line
    pieces = _PIECES.findall(line)
    # The name and the first piece stay together: a first line that holds the name alone confuses old parsers.
    lines = ["".join(pieces[:2])]
    for piece in pieces[2:]:
        if len(lines[-1]) + len(piece) > FOLD_AT:
            lines.append(piece)
        else:
            lines[-1] += piece
    return "\r\n".join(lines) if all(len(each) <= LONGEST_LINE for each in lines) else None
