"""Reads a tree from JSON, or says by path what is wrong with it. Pure functions; nothing is trusted.

Problems are named `tree.all[0].value`, so that a form or a program can find the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mailgenius.channels.contract import Channel
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.consents.model import Basis
from mailgenius.product.leads.model import FieldType, LeadStatus
from mailgenius.product.segments import values
from mailgenius.product.segments.tree import (
    ANY_BASIS,
    ATTRIBUTES,
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_DEPTH,
    MAX_TEXT,
    MAX_TIMES,
    MAX_TREE_BYTES,
    OPERATORS,
    Act,
    BehaviourCondition,
    Condition,
    ConsentCondition,
    ConsentOp,
    Group,
    GroupKind,
    ImportCondition,
    Node,
    On,
    SegmentCondition,
    ShareCondition,
    StatusCondition,
    TagCondition,
    TopicCondition,
    ValueCondition,
)

ROOT = "tree"
ALL_PERCENT = 100_00
"""In hundredths of a percent."""
KEYS: dict[On, frozenset[str]] = {
    On.FIELD: frozenset({"key", "op", "value"}),
    On.LEAD: frozenset({"key", "op", "value"}),
    On.STATUS: frozenset({"op", "value"}),
    On.TAG: frozenset({"op", "value"}),
    On.CONSENT: frozenset({"op", "channel", "basis"}),
    On.TOPIC: frozenset({"op", "value"}),
    On.BEHAVIOUR: frozenset({"op", "act", "campaign", "times", "days"}),
    On.IMPORT: frozenset({"op", "value"}),
    On.SEGMENT: frozenset({"op", "value"}),
    On.SHARE: frozenset({"percent", "from", "salt"}),
}
"""What a condition may say beside `on`."""


class Wrong(Exception):
    """One part of a condition is wrong; `part` is its place below the condition."""

    def __init__(self, part: str, message: str) -> None:
        self.part = part
        self.message = message
        super().__init__(message)


@dataclass(slots=True)
class Reading:
    """One reading of one tree."""

    types: Mapping[str, FieldType]
    """Custom fields that exist, archived ones too."""
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0


def parse(tree: Any, types: Mapping[str, FieldType]) -> Group:
    """Return the tree.

    Raises:
        Invalid: something is wrong; each problem names its place.
    """
    if _size(tree) > MAX_TREE_BYTES:
        raise Invalid(problems=[Problem(ROOT, f"must be at most {MAX_TREE_BYTES // 1024} KiB of JSON")])
    reading = Reading(types=types)
    root = _node(tree, ROOT, 1, reading)
    if root is not None and not isinstance(root, Group):
        reading.problems.append(Problem(ROOT, "must be a group: exactly one of all, any or none"))
    if reading.seen > MAX_CONDITIONS:
        reading.problems.append(Problem(ROOT, f"must hold at most {MAX_CONDITIONS} conditions"))
    if reading.problems or not isinstance(root, Group):
        raise Invalid(problems=reading.problems)
    return root


def _size(tree: Any) -> int:
    try:
        return len(msgspec.json.encode(tree))
    except RecursionError:
        return MAX_TREE_BYTES + 1
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(problems=[Problem(ROOT, "must be JSON")]) from error


def _node(raw: Any, path: str, depth: int, reading: Reading) -> Node | None:
    """Read a group or a condition; what is wrong with it is noted, and it is left out."""
    try:
        if isinstance(raw, Mapping) and "on" in raw:
            return _condition(raw, reading)
        return _group(raw, path, depth, reading)
    except Wrong as wrong:
        reading.problems.append(Problem(f"{path}.{wrong.part}" if wrong.part else path, wrong.message))
    except values.BadValue as bad:
        reading.problems.append(Problem(f"{path}.value{bad.place}", bad.message))
    return None


def _group(raw: Any, path: str, depth: int, reading: Reading) -> Group:
    kinds = [kind for kind in GroupKind if isinstance(raw, Mapping) and kind in raw]
    if len(kinds) != 1 or len(raw) != 1:
        raise Wrong("", "must be a condition, or a group: exactly one of all, any or none")
    kind = kinds[0]
    if depth > MAX_DEPTH:
        raise Wrong("", f"groups must not be more than {MAX_DEPTH} deep")
    children = raw[kind]
    if not isinstance(children, list):
        raise Wrong(kind, "must be a list")
    if not children:
        raise Wrong(kind, "must hold at least one condition")
    nodes = [
        _node(child, f"{path}.{kind}[{place}]", depth + 1, reading)
        for place, child in enumerate(children[: MAX_CONDITIONS + 1])
    ]
    return Group(kind=kind, nodes=tuple(node for node in nodes if node is not None))


def _condition(raw: Mapping[str, Any], reading: Reading) -> Condition:
    reading.seen += 1
    on = On(_one_of(raw, "on", tuple(On)))
    for key in raw:
        if key != "on" and key not in KEYS[on]:
            raise Wrong("", f"says what is not known here: {values.shown(str(key))}")
    return READERS[on](raw, reading)


def _one_of(raw: Mapping[str, Any], part: str, allowed: Sequence[str]) -> str:
    found = raw.get(part)
    if not isinstance(found, str) or found not in allowed:
        raise Wrong(part, f"must be one of {', '.join(allowed)}")
    return found


def _value(raw: Mapping[str, Any], on: On, key: str, kind: FieldType) -> ValueCondition:
    op = _one_of(raw, "op", tuple(OPERATORS[kind]))
    value = values.read(raw.get("value"), OPERATORS[kind][op])
    return ValueCondition(on=on, key=key, type=kind, op=op, value=value)


def _field(raw: Mapping[str, Any], reading: Reading) -> Condition:
    key = raw.get("key")
    if not isinstance(key, str) or key not in reading.types:
        raise Wrong("key", "is not a field of this workspace")
    return _value(raw, On.FIELD, key, reading.types[key])


def _lead(raw: Mapping[str, Any], _: Reading) -> Condition:
    key = _one_of(raw, "key", tuple(ATTRIBUTES))
    condition = _value(raw, On.LEAD, key, ATTRIBUTES[key])
    return values.identity_condition(condition)


def _status(raw: Mapping[str, Any], _: Reading) -> Condition:
    op = _one_of(raw, "op", ("in", "not_in"))
    given = values.texts(raw.get("value"))
    for place, value in enumerate(given):
        if value not in set(LeadStatus):
            raise Wrong(f"value[{place}]", f"must be one of {', '.join(LeadStatus)}")
    return StatusCondition(op=op, statuses=tuple(LeadStatus(value) for value in given))


def _tag(raw: Mapping[str, Any], _: Reading) -> Condition:
    return TagCondition(op=_one_of(raw, "op", ("any", "all", "none")), tags=values.texts(raw.get("value")))


def _consent(raw: Mapping[str, Any], _: Reading) -> Condition:
    channel, basis = raw.get("channel"), Basis.CONSENT.value
    if "basis" in raw:
        basis = _one_of(raw, "basis", (*Basis, ANY_BASIS))
    return ConsentCondition(
        op=ConsentOp(_one_of(raw, "op", tuple(ConsentOp))),
        channel=None if channel is None else Channel(_one_of(raw, "channel", tuple(Channel))),
        basis=None if basis == ANY_BASIS else Basis(basis),
    )


def _topic(raw: Mapping[str, Any], _: Reading) -> Condition:
    wants = _one_of(raw, "op", ("wants", "wants_not")) == "wants"
    return TopicCondition(wants=wants, topic_id=_id(raw.get("value"), "value"))


def _behaviour(raw: Mapping[str, Any], _: Reading) -> Condition:
    campaign = raw.get("campaign")
    return BehaviourCondition(
        did=_one_of(raw, "op", ("did", "did_not")) == "did",
        act=Act(_one_of(raw, "act", tuple(Act))),
        campaign_id=None if campaign is None else _id(campaign, "campaign"),
        times=_whole(raw.get("times", 1), "times", 1, MAX_TIMES),
        days=None if raw.get("days") is None else _whole(raw["days"], "days", 1, MAX_DAYS),
    )


def _import(raw: Mapping[str, Any], _: Reading) -> Condition:
    inside = _one_of(raw, "op", ("in", "not_in")) == "in"
    given = values.texts(raw.get("value"))
    ids = [_id(value, f"value[{place}]") for place, value in enumerate(given)]
    return ImportCondition(inside=inside, import_ids=tuple(ids))


def _segment(raw: Mapping[str, Any], _: Reading) -> Condition:
    inside = _one_of(raw, "op", ("in", "not_in")) == "in"
    return SegmentCondition(inside=inside, segment_id=_id(raw.get("value"), "value"))


def _share(raw: Mapping[str, Any], _: Reading) -> Condition:
    start = _percent(raw.get("from", 0), "from")
    size = _percent(raw.get("percent"), "percent")
    salt = raw.get("salt", "")
    if not size:
        raise Wrong("percent", "must be more than 0")
    if start + size > ALL_PERCENT:
        raise Wrong("percent", "must not reach beyond 100 together with from")
    if not isinstance(salt, str) or len(salt) > MAX_TEXT or "\0" in salt:
        raise Wrong("salt", f"must be a text of at most {MAX_TEXT} characters")
    return ShareCondition(start=start, end=start + size, salt=salt)


def _percent(raw: Any, part: str) -> int:
    """Return hundredths of a percent."""
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 100:  # noqa: PLR2004
        raise Wrong(part, "must be a number from 0 to 100")
    if abs(raw * 100 - round(raw * 100)) > 1e-6:  # noqa: PLR2004
        raise Wrong(part, "must have at most two decimals")
    return round(raw * 100)


def _whole(raw: Any, part: str, low: int, high: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        raise Wrong(part, f"must be a whole number from {low} to {high}")
    return raw


def _id(raw: Any, part: str) -> int:
    found = values.identifier(raw)
    if found is None:
        raise Wrong(part, "must be an id, as a string")
    return found


READERS = {
    On.FIELD: _field,
    On.LEAD: _lead,
    On.STATUS: _status,
    On.TAG: _tag,
    On.CONSENT: _consent,
    On.TOPIC: _topic,
    On.BEHAVIOUR: _behaviour,
    On.IMPORT: _import,
    On.SEGMENT: _segment,
    On.SHARE: _share,
}
