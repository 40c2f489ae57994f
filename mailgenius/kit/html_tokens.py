"""HTML cut into tags and text, in one pass whatever the input: hostile HTML costs no more than good.

The standard library's parser takes minutes for half a megabyte of `<a <a <a`. This one knows nothing of
trees: it says where each tag stands and what attributes it has, which is what links and plain text need.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,100}")
_ATTRIBUTE = re.compile(r"""[\s/]*(?:>|(=?[^\s=>/]+|=)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*)?)?)""")
"""As in browsers, a sign of equality where a name should begin is the name's first letter."""
_RAW = frozenset({"style", "script", "title", "textarea"})
"""Elements whose content is text up to their own end tag."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute, and where its value stands in the source, quotes included."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A tag, a comment or a text between them."""

    kind: str
    """`start`, `end`, `text`, `raw` (inside style and the like), or `comment`."""
    name: str
    """The tag's name in lower case, or the text; a comment's content."""
    start: int
    end: int
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def value(self, name: str) -> str:
        found = self.attributes.get(name)
        return found.value if found else ""


def pieces(html: str) -> Iterator[Piece]:
    """Cut HTML into its pieces, in order. A tag or comment that never ends is the last text."""
    position, text_from = 0, 0
    while (position := html.find("<", position)) >= 0:
        piece = _piece(html, position)
        if piece is None:
            position += 1
            continue
        if piece.kind == "unfinished":
            break
        if text_from < position:
            yield _text("text", html, text_from, position)
        yield piece
        position = text_from = piece.end
        if piece.kind == "start" and piece.name in _RAW:
            position = _end_of_raw(html, piece.name, position)
            if text_from < position:
                yield _text("raw", html, text_from, position)
            text_from = position
    if text_from < len(html):
        yield _text("text", html, text_from, len(html))


def _piece(html: str, start: int) -> Piece | None:
    """Read what a `<` begins; None when it is only a sign in a text."""
    following = html[start + 1 : start + 2]
    if following == "!" and html.startswith("<!--", start):
        return _comment(html, start, "<!--", "-->")
    if following in {"!", "?"}:
        return _comment(html, start, "<" + following, ">")
    if following == "/":
        name = _NAME.match(html, start + 2)
        return _end_tag(html, start, name) if name else None
    name = _NAME.match(html, start + 1)
    return _start_tag(html, start, name) if name else None


def _comment(html: str, start: int, opening: str, closing: str) -> Piece:
    inner = start + len(opening)
    end = html.find(closing, inner)
    if end < 0:
        return _unfinished(html, start)
    return Piece("comment", html[inner:end], start, end + len(closing))


def _end_tag(html: str, start: int, name: re.Match[str]) -> Piece:
    end = html.find(">", name.end())
    return Piece("end", name.group().lower(), start, end + 1) if end >= 0 else _unfinished(html, start)


def _unfinished(html: str, start: int) -> Piece:
    return Piece("unfinished", "", start, len(html))


def _start_tag(html: str, start: int, name: re.Match[str]) -> Piece:
    attributes: dict[str, Attribute] = {}
    position = name.end()
    while match := _ATTRIBUTE.match(html, position):
        position = match.end()
        if match[1] is None:
            return Piece("start", name.group().lower(), start, position, attributes)
        if match[2] is not None:
            value = match[2][1:-1] if match[2][0] in "\"'" else match[2]
            # As in browsers, the first attribute of a name holds.
            attributes.setdefault(match[1].lower(), Attribute(unescape(value), match.start(2), match.end(2)))
    return _unfinished(html, start)


def _end_of_raw(html: str, name: str, position: int) -> int:
    closing = re.compile(f"</{name}", re.IGNORECASE).search(html, position)
    return closing.start() if closing else len(html)


def _text(kind: str, html: str, start: int, end: int) -> Piece:
    text = html[start:end]
    return Piece(kind, unescape(text) if kind == "text" else text, start, end)
