"""Rows and values of this area: entries, what a list of them is narrowed to, and what details may hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mailgenius.kit.doers import DoerKind

INSTALLATION: Final = 0
"""The workspace of what concerns no workspace: sign-ins that fail, people without one."""
LONGEST_TEXT: Final = 200
MOST_ITEMS: Final = 50
UNNOTED: Final = "unnoted"
_SECRET = re.compile(r"passw|secret|token|private|credential|key_hash")


def unnoted(why: str) -> dict[str, Any]:
    """Return the route options of a request that may change something without an entry; say why."""
    return {UNNOTED: why}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One act. Names are as they were then."""

    id: int
    workspace_id: int
    at: datetime
    doer_kind: DoerKind
    doer_id: int | None
    doer_name: str
    address: str
    action: str
    object_kind: str
    object_id: str
    object_name: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which entries are meant; what is left out narrows nothing."""

    doer_kind: DoerKind | None = None
    doer_id: int | None = None
    action: str = ""
    """A whole name such as `campaign.launched`."""
    object_kind: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Entries before this moment."""


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDoer:
    """Somebody who stands in the log, with their latest name."""

    kind: DoerKind
    id: int | None
    name: str


def changes(before: object, after: object, *fields: str) -> dict[str, Any]:
    """Return the fields whose values differ, each with its old and its new one: details of a change."""
    return {
        field: {"from": getattr(before, field), "to": getattr(after, field)}
        for field in fields
        if getattr(before, field) != getattr(after, field)
    }


def changed(before: object, after: object, fields: Iterable[str]) -> dict[str, Any]:
    """Return which fields differ, without their values: for what is long, private or secret."""
    names = [field for field in fields if getattr(before, field) != getattr(after, field)]
    return {"changed": names} if names else {}


def presentable(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details as they are kept: short texts, short lists, and no secrets.

    Raises:
        ValueError: a name says that its value is secret. This is a defect of the caller.
    """
    named = [name for name in details if _SECRET.search(name)]
    if named:
        raise ValueError(f"details of the audit log must not hold {named}")
    return {name: _short(value) for name, value in details.items()}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    if isinstance(value, Mapping):
        return presentable({str(name): each for name, each in value.items()})
    if isinstance(value, Sequence | set | frozenset):
        return [_short(each) for each in list(value)[:MOST_ITEMS]]
    return value
