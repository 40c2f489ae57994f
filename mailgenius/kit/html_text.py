"""HTML as plain text that reads well: paragraphs, headings, lists, and links as `text (address)`.

Made for the plain part of messages. It keeps marks of put-aside template tags (kit.rendering.masking) where
they stand, because here they are plain text.
"""

import re
from collections.abc import Callable

from mailgenius.kit.html_tokens import Piece, pieces

_SKIPPED = frozenset({"style", "script", "head", "title", "template", "object", "svg", "textarea"})
_AIRY = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "pre"})
"""Blocks with an empty line around them."""
_BLOCKS = _AIRY | {
    *("address", "article", "aside", "center", "dd", "div", "dl", "dt", "figure", "footer", "form"),
    *("header", "li", "main", "nav", "section", "tr"),
}
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_UNDERLINES = {"h1": "=", "h2": "-"}
_LONGEST_LINE = 70
_DEEPEST_LIST = 6
# White space, and the invisible characters that preheaders are filled up with.
_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u034f\u200b\u200c\u200d\ufeff]+")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n(?: *\n){2,}")


def text_of_html(html: str, *, keep: Callable[[str], str] = lambda _: "") -> str:
    """Convert HTML to plain text.

    Args:
        html: any HTML, also broken.
        keep: what of a dropped text (styles, hidden parts, attributes) must stay all the same.
    """
    writer = _Writer(html, keep)
    for piece in pieces(html):
        writer.take(piece)
    return writer.result()


class _Writer:
    def __init__(self, html: str, keep: Callable[[str], str]) -> None:
        self._html = html
        self._keep = keep
        self._lines: list[str] = []
        self._line: list[str] = []
        self._space = True
        """Whether a space here would be one too many."""
        self._skipped, self._skip_depth = "", 0
        self._link: tuple[str, int, int] | None = None
        self._lists: list[int] = []

    def take(self, piece: Piece) -> None:
        if self._skip_depth:
            self._skip(piece)
        elif piece.kind == "text":
            self._add(piece.name)
        elif piece.kind == "start":
            self._start(piece)
        elif piece.kind == "end":
            self._end(piece.name)

    def result(self) -> str:
        self._newline()
        text = _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip("\n")
        return text + "\n" if text else ""

    def _skip(self, piece: Piece) -> None:
        self._add(self._keep(self._html[piece.start : piece.end]))
        if piece.name == self._skipped and piece.kind in {"start", "end"}:
            self._skip_depth += 1 if piece.kind == "start" else -1

    def _start(self, tag: Piece) -> None:
        kept = self._keep(self._html[tag.start : tag.end]) if tag.name != "a" else ""
        if tag.name in _SKIPPED or _HIDDEN.search(tag.value("style")):
            if tag.name not in _VOID:
                self._skipped, self._skip_depth = tag.name, 1
        elif tag.name == "br":
            self._newline()
        elif tag.name == "hr":
            self._break(airy=True)
            self._add("-" * 40)
            self._break(airy=True)
        elif tag.name == "img":
            kept = tag.value("alt").strip() or kept
        elif tag.name == "a":
            self._link = (tag.value("href").strip(), len(self._lines), len(self._line))
        elif tag.name in _BLOCKS:
            self._break(airy=self._is_airy(tag.name))
            self._start_list(tag.name)
        self._add(kept)

    def _start_list(self, name: str) -> None:
        if name in {"ol", "ul"}:
            self._lists.append(1 if name == "ol" else 0)
        elif name == "li":
            indent = "  " * min(max(len(self._lists) - 1, 0), _DEEPEST_LIST)
            number = self._lists[-1] if self._lists else 0
            self._line.append(f"{indent}{number}. " if number else f"{indent}- ")
            if number:
                self._lists[-1] += 1

    def _end(self, name: str) -> None:
        if name == "a" and self._link:
            self._end_link(*self._link)
            self._link = None
        elif name in {"td", "th"}:
            self._add(" ")
        elif name in _BLOCKS:
            title = "".join(self._line).strip()
            if name in _UNDERLINES and title:
                self._newline()
                self._line.append(_UNDERLINES[name] * min(len(title), _LONGEST_LINE))
            if name in {"ol", "ul"} and self._lists:
                self._lists.pop()
            self._break(airy=self._is_airy(name))

    def _is_airy(self, name: str) -> bool:
        return name in _AIRY and not (self._lists and name in {"ol", "ul"})

    def _end_link(self, address: str, line: int, column: int) -> None:
        words = self._line[column:] if line == len(self._lines) else [*self._lines[line:], *self._line]
        label = "".join(words).strip()
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if address and not address.startswith("#") and shown != label:
            self._add(f" ({shown})" if label else shown)

    def _add(self, text: str) -> None:
        text = _SPACES.sub(" ", text)
        if self._space:
            text = text.removeprefix(" ")
        if text:
            self._line.append(text)
            self._space = text.endswith(" ")

    def _newline(self) -> None:
        self._lines.append("".join(self._line).rstrip())
        self._line.clear()
        self._space = True

    def _break(self, *, airy: bool) -> None:
        if any(not part.isspace() for part in self._line):
            self._newline()
        if airy and self._lines and self._lines[-1] and not self._line:
            self._lines.append("")
