"""The links of a message's HTML: which are followed, their numbers, and where they stand.

Numbers go by first appearance of distinct addresses, merge fields and all, so that a thousand personal
addresses made by one link of a template are counted as that link.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mailgenius.kit.html_tokens import Piece, pieces
from mailgenius.kit.rendering import MASK, Masked, mask

MOST_LINKS = 1_000
OPEN, MIDDLE, CLOSE = "\x02", "\x03", "\x04"
"""Around a marked address: OPEN number MIDDLE address CLOSE. Neither templates nor values may hold them."""
MARKS = str.maketrans("", "", OPEN + MIDDLE + CLOSE)

_OWN = re.compile(r"\b(?:unsubscribe_url|view_url|preferences_url)\b")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_CONDITIONAL = re.compile(r"\s*\[if\b[^\]]*\]>", re.IGNORECASE)
_CONDITIONAL_OFFSET = len("<!--")


class MarkedHtml(NamedTuple):
    """A template's HTML with its followed addresses marked, and these addresses by their numbers."""

    html: str
    links: tuple[str, ...]


def mark_links(html: str) -> MarkedHtml:
    """Find the links to follow and mark them. The first link has number 1.

    Raises:
        TemplateBroken: the template is not right.
    """
    masked = mask(html.translate(MARKS))
    numbers: dict[str, int] = {}
    parts: list[str] = []
    position = 0
    for start, end, address in _places(masked.text, 0):
        written = masked.unmask(address)
        if not _is_followed(address, written, masked):
            continue
        if written not in numbers and len(numbers) == MOST_LINKS:
            continue
        number = numbers.setdefault(written, len(numbers) + 1)
        source = masked.text[start:end]
        inner = source[1:-1] if source[0] in "\"'" else source
        quote = "'" if source[0] == "'" else '"'
        parts += [masked.text[position:start], f"{quote}{OPEN}{number}{MIDDLE}{inner}{CLOSE}{quote}"]
        position = end
    parts.append(masked.text[position:])
    return MarkedHtml(masked.unmask("".join(parts)), tuple(numbers))


def _places(html: str, offset: int) -> Iterator[tuple[int, int, str]]:
    """Yield where the value of each link's href starts and ends, and the address it holds."""
    for piece in pieces(html):
        if piece.kind == "comment" and (found := _CONDITIONAL.match(piece.name)):
            inner = piece.name[found.end() :]
            yield from _places(inner, offset + piece.start + _CONDITIONAL_OFFSET + found.end())
        elif piece.kind == "start" and _is_link(piece):
            href = piece.attributes["href"]
            yield offset + href.start, offset + href.end, href.value.strip()


def _is_link(tag: Piece) -> bool:
    # `v:roundrect` and its like are the buttons of Outlook, inside conditional comments.
    return "href" in tag.attributes and (tag.name in {"a", "area"} or tag.name.startswith("v:"))


def _is_followed(address: str, written: str, masked: Masked) -> bool:
    """Follow web addresses, and merge fields that may turn out to be one; never our own links."""
    if _OWN.search(written):
        return False
    printed = masked.without_statements(address)
    return _WEB.match(printed) is not None or MASK.match(printed) is not None
