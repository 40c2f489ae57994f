"""Template tags put aside, so that what surrounds them can be read as HTML or plain text.

`<a href="{{ lead["url"] }}">` is no HTML until its tag is out of the way. A mask is two characters that
Unicode will never assign and a number between them; comments are dropped.
"""

import re
from dataclasses import dataclass

from mailgenius.kit.rendering.grammar import outline

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_NOT_OURS = str.maketrans("", "", _OPEN + _CLOSE)
MASK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
"""One put-aside tag in masked text."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A source whose tags are numbered marks."""

    text: str
    tags: tuple[str, ...]
    """The put-aside tags, in order, as they were written."""

    def unmask(self, text: str) -> str:
        """Put the tags back into a text made from this one."""
        return MASK.sub(lambda match: self.tags[int(match[1])], text)

    def without_statements(self, text: str) -> str:
        """Return a masked text without the marks of `{% … %}`, which print nothing themselves."""
        return MASK.sub(lambda match: "" if self._is_statement(match) else match[0], text)

    def statements(self, text: str) -> str:
        """Return only the marks of `{% … %}` in a text: they must stay when the text around them goes."""
        return "".join([match[0] for match in MASK.finditer(text) if self._is_statement(match)])

    def _is_statement(self, match: re.Match[str]) -> bool:
        return self.tags[int(match[1])].startswith("{%")


def mask(source: str) -> Masked:
    """Put the tags of a source aside.

    Raises:
        TemplateBroken: the source is not right.
    """
    source = source.translate(_NOT_OURS)
    found = outline(source)
    parts: list[str] = []
    tags: list[str] = []
    position = 0
    for start, end, is_comment in sorted(
        [(tag.start, tag.end, False) for tag in found.tags]
        + [(start, end, True) for start, end in found.comments]
    ):
        parts.append(source[position:start])
        if not is_comment:
            parts.append(f"{_OPEN}{len(tags)}{_CLOSE}")
            tags.append(source[start:end])
        position = end
    parts.append(source[position:])
    return Masked("".join(parts), tuple(tags))
