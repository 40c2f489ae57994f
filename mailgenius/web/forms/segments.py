"""The form of a segment: groups and conditions, read from fields that carry their place in their names.

A tree that is being built is kept as JSON, as the rules read it, even while values are missing. Names are
`n.0.1:op`: the second node of the first node of the root, and what it says.
"""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Self

from mailgenius.product.leads.model import FieldType, LeadStatus
from mailgenius.product.segments.tree import ATTRIBUTES, OPERATORS, Act, GroupKind, On, Shape
from mailgenius.web.i18n import _

ROOT: Final = "n"
MOST_NODES: Final = 300
_PLACE: Final = re.compile(r"^n(?:\.\d{1,3}){0,12}$")
_PART: Final = re.compile(r'\s*("(?:[^"]|"")*"\s*|[^,]*)(?:,|$)')
Tree = dict[str, Any]

FRESH: Final[dict[str, Tree]] = {
    On.STATUS: {"on": "status", "op": "in", "value": [LeadStatus.ACTIVE.value]},
    On.TAG: {"on": "tag", "op": "any", "value": []},
    On.CONSENT: {"on": "consent", "op": "given"},
    On.TOPIC: {"on": "topic", "op": "wants", "value": ""},
    On.BEHAVIOUR: {"on": "behaviour", "op": "did", "act": Act.OPENED.value, "days": 30},
    On.IMPORT: {"on": "import", "op": "in", "value": []},
    On.SEGMENT: {"on": "segment", "op": "in", "value": ""},
    On.SHARE: {"on": "share", "percent": 10, "salt": ""},
}
"""A new condition of each kind, beside those on values."""


@dataclass(frozen=True, kw_only=True)
class SegmentForm:
    """A segment as typed."""

    name: str = ""
    tree: Tree = field(default_factory=lambda: {"all": [deepcopy(FRESH[On.TAG])]})
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Any, types: Mapping[str, FieldType]) -> Self:
        """Read what was posted. Whether the tree makes sense is for the rules to say."""
        values: dict[str, list[str]] = {}
        for key, value in posted.multi_items():
            if isinstance(value, str):
                values.setdefault(key, []).append(value.replace("\0", ""))
        name = " ".join(values.get("name", [""])[0].split())
        tree = _Reader(values, types).node(ROOT) or {"all": []}
        errors = {} if name else {"name": _("Fill this in.")}
        return cls(name=name, tree=tree, errors=errors)


def listed(texts: Sequence[str]) -> str:
    """Return texts with commas between them; one that holds a comma itself stands in quotation marks."""
    return ", ".join(
        '"' + text.replace('"', '""') + '"' if "," in text or text.startswith('"') else text for text in texts
    )


def _parts(line: str) -> list[str]:
    """Return the texts of a line that `listed` wrote, or a person."""
    found = (part.strip() for part in _PART.findall(line))
    return [
        part[1:-1].replace('""', '"') if len(part) > 1 and part[0] == part[-1] == '"' else part
        for part in found
        if part
    ]


def acted(tree: Tree, act: str) -> Tree:
    """Return the tree after an act: `add:n.0`, `group:n`, `remove:n.0.2`. Unknown acts change nothing."""
    verb, _colon, place = act.partition(":")
    if not _PLACE.match(place):
        return tree
    changed = deepcopy(tree)
    steps = [int(step) for step in place.split(".")[1:]]
    if verb == "remove" and steps:
        nodes = _children(_at(changed, steps[:-1]))
        if nodes is not None and steps[-1] < len(nodes):
            del nodes[steps[-1]]
    elif verb in {"add", "group"}:
        nodes = _children(_at(changed, steps))
        if nodes is not None:
            fresh = deepcopy(FRESH[On.TAG])
            nodes.append(fresh if verb == "add" else {"any": [fresh]})
    return changed


def _at(tree: Tree, steps: list[int]) -> Tree | None:
    node: Tree | None = tree
    for step in steps:
        nodes = _children(node)
        node = nodes[step] if nodes is not None and step < len(nodes) else None
    return node


def _children(node: Tree | None) -> list[Tree] | None:
    found = next((node[kind] for kind in GroupKind if kind in node), None) if node else None
    return found if isinstance(found, list) else None


class _Reader:
    def __init__(self, values: Mapping[str, list[str]], types: Mapping[str, FieldType]) -> None:
        self._values = values
        self._types = types
        self._left = MOST_NODES

    def node(self, place: str) -> Tree | None:
        """Read the node at a place; None when there is none."""
        self._left -= 1
        if self._left < 0:
            return None
        if f"{place}:group" in self._values:
            kind = self._one(place, "group")
            nodes: list[Tree] = []
            while (child := self.node(f"{place}.{len(nodes)}")) is not None:
                nodes.append(child)
            return {kind if kind in set(GroupKind) else GroupKind.ALL.value: nodes}
        if f"{place}:what" in self._values:
            return self._condition(place)
        return None

    def _condition(self, place: str) -> Tree:
        what = self._one(place, "what")
        changed = what != self._one(place, "was")
        on, _colon, key = what.partition(":")
        if on in {On.FIELD, On.LEAD}:
            kind = (self._types if on == On.FIELD else ATTRIBUTES).get(key, FieldType.TEXT)
            op = self._one(place, "op")
            op = op if op in OPERATORS[kind] else next(iter(OPERATORS[kind]))
            said: Tree = {"on": on, "key": key, "op": op}
            shape = OPERATORS[kind][op]
            return said if shape is Shape.NOTHING else said | {"value": self._value(place, shape)}
        if changed or on not in FRESH:
            return deepcopy(FRESH.get(on, FRESH[On.TAG]))
        return self._other(place, on)

    def _other(self, place: str, on: str) -> Tree:
        op = self._one(place, "op") or FRESH[on].get("op")
        match on:
            case On.STATUS | On.TAG | On.IMPORT:
                return {"on": on, "op": op, "value": self._value(place, Shape.TEXTS)}
            case On.CONSENT:
                more = {name: self._one(place, name) for name in ("channel", "basis")}
                return {"on": on, "op": op} | {name: value for name, value in more.items() if value}
            case On.SEGMENT | On.TOPIC:
                return {"on": on, "op": op, "value": self._one(place, "value")}
            case On.SHARE:
                percent = _number(self._one(place, "percent"))
                share: Tree = {"on": on, "percent": percent, "salt": self._one(place, "salt")}
                begin = self._one(place, "from")
                return share | {"from": _number(begin)} if begin else share
            case _:
                said: Tree = {"on": on, "op": op, "act": self._one(place, "act")}
                if campaign := self._one(place, "campaign"):
                    said["campaign"] = campaign
                for name in ("times", "days"):
                    if number := self._one(place, name):
                        said[name] = _number(number)
                return said

    def _value(self, place: str, shape: Shape) -> Any:
        match shape:
            case Shape.TEXTS:
                given = self._values.get(f"{place}:value", [])
                return [part for value in given for part in _parts(value)]
            case Shape.NUMBER | Shape.DAYS | Shape.MONTH:
                return _number(self._one(place, "value"))
            case Shape.NUMBERS:
                return [_number(self._one(place, "low")), _number(self._one(place, "high"))]
            case Shape.DATES:
                return [self._one(place, "low"), self._one(place, "high")]
            case Shape.YES_NO:
                return self._one(place, "value") != "no"
            case _:
                return self._one(place, "value")

    def _one(self, place: str, name: str) -> str:
        return self._values.get(f"{place}:{name}", [""])[0].strip()


def _number(text: str) -> int | float | str:
    """The number, or the text as it is when it is none: the rules say what is wrong with it."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
