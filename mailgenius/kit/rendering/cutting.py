"""A template cut into what every render shares and what differs, so that a render only makes the differences.

Text stays text. A `{{ … }}`, or a whole `{% if %}` or `{% for %}` with all it holds, becomes a slot; slots of
equal source are one. All slots of a message render in one go. What depends on its surroundings is not cut:
white space control across an edge, and `{% set %}`, which one slot would hide from the next.
"""

from dataclasses import dataclass

from mailgenius.kit.rendering.compiled import compile_template
from mailgenius.kit.rendering.grammar import Tag, outline
from mailgenius.kit.rendering.values import CleanValues

_BETWEEN = "\x05"
"""Between the slots of one render. Values cannot hold it; where a template brings its own, nothing is cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A source in pieces."""

    parts: tuple[str | int, ...]
    """Texts, and the numbers of the slots that stand between them."""
    slots: tuple[str, ...]
    """The sources of the slots, each once."""


def cut(source: str) -> Cut | None:
    """Cut a source; None when it cannot be cut without changing what it says.

    Raises:
        TemplateBroken: the source is not right.
    """
    found = outline(source)
    if _BETWEEN in source or any(tag.statement == "set" for tag in found.tags):
        return None
    numbers: dict[str, int] = {}
    parts: list[str | int] = []
    position = 0
    for start, end, is_slot in sorted(
        [(*each, True) for each in _slots(found.tags)] + [(*each, False) for each in found.comments]
    ):
        if start < position:
            continue  # A comment inside a slot.
        if source[start + 2] == "-" or source[end - 3] == "-":
            return None
        if start > position:
            parts.append(source[position:start])
        if is_slot:
            parts.append(numbers.setdefault(source[start:end], len(numbers)))
        position = end
    if position < len(source):
        parts.append(source[position:])
    return Cut(tuple(parts), tuple(numbers))


def _slots(tags: list[Tag]) -> list[tuple[int, int]]:
    """Return where the outermost expressions and blocks start and end."""
    spans: list[tuple[int, int]] = []
    depth = opened = 0
    for tag in tags:
        if tag.statement in {"if", "for"}:
            opened = opened if depth else tag.start
            depth += 1
        elif tag.statement in {"endif", "endfor"}:
            depth -= 1
            if not depth:
                spans.append((opened, tag.end))
        elif not depth:
            spans.append((tag.start, tag.end))
    return spans


class SlotsTemplate:
    """The slots of one or more cut sources, compiled together. Not for two threads at once."""

    __slots__ = ("_count", "_template")

    def __init__(self, slots: tuple[str, ...], *, html: bool) -> None:
        self._count = len(slots)
        self._template = compile_template(_BETWEEN.join(slots), html=html)

    def render(self, values: CleanValues) -> list[str] | None:
        """Return what each slot prints; None when that cannot be told apart.

        Raises:
            TemplateBroken: a step failed. The line it names is not that of the source.
        """
        if not self._count:
            return []
        printed = self._template.render(values).split(_BETWEEN)
        return printed if len(printed) == self._count else None
