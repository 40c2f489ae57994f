"""A template cut into what every render shares and what differs, so that a render only makes the differences.

Text stays text. A `{{ … }}`, or a whole `{% if %}` or `{% for %}` with all it holds, becomes a slot; slots of
equal source are one. All slots of a message render in one go. What depends on its surroundings is not cut:
white space control across an edge, and `{% set %}`, which one slot would hide from the next.
"""

import re
from dataclasses import dataclass
from typing import Any

from mailgenius.kit.rendering.compiled import compile_template
from mailgenius.kit.rendering.filters import text_of
from mailgenius.kit.rendering.grammar import NOT_FIELDS, Tag, outline
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

    __slots__ = ("_count", "_escapes", "_fields", "_rest", "_template")

    def __init__(self, slots: tuple[str, ...], *, html: bool) -> None:
        self._count = len(slots)
        self._escapes = html
        fields = {number: path for number, slot in enumerate(slots) if (path := _field(slot))}
        self._fields = tuple(fields.items())
        """Slots that only name a field, which is looked up in a fraction of the time of a render."""
        self._rest = tuple(number for number in range(len(slots)) if number not in fields)
        rest = _BETWEEN.join([slots[number] for number in self._rest])
        self._template = compile_template(rest, html=html) if rest else None

    def render(self, values: CleanValues) -> list[str] | None:
        """Return what each slot prints; None when that cannot be told, and all has to be rendered whole.

        Raises:
            TemplateBroken: a step failed. The line it names is not that of the source.
        """
        printed = [""] * self._count
        for number, path in self._fields:
            value: Any = values
            for name in path:
                value = value.get(name) if type(value) is dict else _attribute(value)
            if not isinstance(value, str) and _is_uncertain(value):
                return None
            printed[number] = self._written(value)
        if self._template is not None:
            rest = self._template.render(values).split(_BETWEEN)
            if len(rest) != len(self._rest):
                return None
            for number, text in zip(self._rest, rest, strict=True):
                printed[number] = text
        return printed

    def _written(self, value: Any) -> str:
        """Print a value as MiniJinja does."""
        text = value if isinstance(value, str) else text_of(value)
        if self._escapes and _SPECIAL.search(text) is not None and not hasattr(text, "__html__"):
            text = text.translate(_ESCAPES)
        return str(text)


_UNCERTAIN = object()
_PLAIN_NUMBER = 1e15
"""From here on MiniJinja takes some floats for whole numbers, and prints them in its own way."""
_FIELD = re.compile(r"\{\{[ \t\n]*([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)[ \t\n]*\}\}", re.ASCII)
_SPECIAL = re.compile("[&<>\"'/]")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "/": "&#x2f;"}
)


def _field(slot: str) -> tuple[str, ...] | None:
    """Return the names on the way to a field, when a slot is nothing but a field."""
    match = _FIELD.fullmatch(slot)
    if match is None or match[1] in NOT_FIELDS:
        return None
    return tuple(match[1].split("."))


def _is_uncertain(value: Any) -> bool:
    """Whether MiniJinja may print this in another way than `text_of`."""
    if isinstance(value, list | tuple):
        return any(not isinstance(each, str) and _is_uncertain(each) for each in value)
    if isinstance(value, float):
        return not -_PLAIN_NUMBER < value < _PLAIN_NUMBER
    return value is _UNCERTAIN


def _attribute(value: Any) -> Any:
    """Return what follows by a dot after what is no map: nothing after a text, who knows after the rest."""
    return None if value is None or isinstance(value, str) else _UNCERTAIN
