"""Acts on all leads that match a filter: what can be done, to whom, and how far it is. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

import msgspec

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.events import Event
from mailgenius.product.leads.model import EVER, LeadStatus, Span


class LeadAct(StrEnum):
    """What is done to each lead."""

    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"
    SET_STATUS = "set_status"
    SET_FIELDS = "set_fields"
    DELETE = "delete"


class BulkState(StrEnum):
    """Where an act stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN = frozenset({BulkState.QUEUED, BulkState.RUNNING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """A segment that narrows a filter: as its own area compiles it for now, and keeps it for later."""

    condition: Fragment
    kept: Mapping[str, Any]
    """Stored with what is asked for and compiled again for each part of it. Opaque here."""
    about: int
    """How many of its members the rest of the filter shows."""
    counted: bool
    """They were counted one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The leads that somebody means: those that a list with this filter shows. Empty is everybody."""

    text: str = ""
    tag: str | None = None
    status: LeadStatus | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """Values of custom fields, by key, as somebody typed them."""
    created: Span = EVER
    updated: Span = EVER
    members: Membership | None = None
    lead_ids: Sequence[int] | None = None
    """Only these of them: a selection."""


EVERYBODY = Wanted()


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Which leads are meant, in normal form, as it is stored. Empty is everybody; None does not narrow."""

    text: str | None = None
    tag: str | None = None
    status: LeadStatus | None = None
    fields: tuple[dict[str, Any], ...] | None = None
    """A lead has all values of one of these."""
    created_since: datetime | None = None
    created_until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    ids: tuple[int, ...] | None = None
    segment: dict[str, Any] | None = None
    """What the segments area keeps of a segment."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return msgspec.convert(stored, cls)

    def as_json(self) -> dict[str, Any]:
        """Return what is narrowed, as it is stored."""
        return {key: value for key, value in msgspec.to_builtins(self).items() if value is not None}

    def narrowed(self) -> dict[str, Any]:
        """Return what is narrowed, by name."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in given.items() if value is not None}

    def among(self, lead_ids: Sequence[int] | None) -> "Match":
        """Return those of these leads that match; None narrows nothing."""
        if lead_ids is None:
            return self
        known = set(lead_ids) if self.ids is None else set(lead_ids) & set(self.ids)
        return replace(self, ids=tuple(sorted(known)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Who was meant at a moment: the leads that match, behind one id and up to another."""

    match: Match
    after_id: int
    until_id: int
    total: int
    total_is_estimate: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """The next leads that match, by id, and where to go on. There may be none while there are more."""

    ids: list[int]
    reached: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkPart:
    """Leads of an act that are laid out and not dealt with yet."""

    id: int
    lead_ids: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActOnMembersAsked(Event):
    """Somebody asked for an act on leads of a segment, which only an area above can compile."""

    name: ClassVar[str] = "leads.act_on_members_asked"

    act_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkAct:
    """An act and how far it is. `total` is of the time when it was asked for; later leads are left alone."""

    id: int
    act: LeadAct
    tags: tuple[str, ...]
    status: LeadStatus | None
    fields: dict[str, Any] | None
    filter: dict[str, Any]
    undoes: int | None
    state: BulkState
    total: int
    total_is_estimate: bool
    done: int
    changed: int
    cursor: int
    until_id: int
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def match(self) -> Match:
        return Match.from_json(self.filter)

    @property
    def can_be_undone(self) -> bool:
        """With one tag, those that changed lacked it before, or had it; with several, nobody knows which."""
        return (
            self.state not in OPEN
            and self.changed > 0
            and self.undoes is None
            and self.act in {LeadAct.ADD_TAGS, LeadAct.REMOVE_TAGS}
            and len(self.tags) == 1
        )
