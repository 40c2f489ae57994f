"""Acts on all leads that match a filter: what can be done, to whom, and how far it is. No I/O."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailgenius.product.leads.model import LeadStatus


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
class Wanted:
    """The leads that somebody means: those that a list with this filter shows. Empty is everybody."""

    text: str = ""
    tag: str | None = None
    status: LeadStatus | None = None
    lead_ids: Sequence[int] | None = None
    """Only these of them: a selection."""


EVERYBODY = Wanted()


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Which leads are meant: those that the list shows for this text, tag and status. Empty is everybody."""

    text: str | None = None
    tag: str | None = None
    status: LeadStatus | None = None
    ids: list[int] | None = None

    def parameters(self) -> dict[str, Any]:
        return asdict(self)

    def among(self, lead_ids: Sequence[int] | None) -> "Match":
        """Return those of these leads that match; None narrows nothing."""
        if lead_ids is None:
            return self
        known = set(lead_ids) if self.ids is None else set(lead_ids) & set(self.ids)
        return replace(self, ids=sorted(known))

    def as_json(self) -> dict[str, Any]:
        """Return what is narrowed, as it is stored."""
        return {key: value for key, value in self.parameters().items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Who was meant at a moment: the leads that match, up to an id, and how many they were."""

    match: Match
    until_id: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkAct:
    """An act and how far it is. `total` was counted when it was asked for; later leads are left alone."""

    id: int
    act: LeadAct
    tags: tuple[str, ...]
    status: LeadStatus | None
    fields: dict[str, Any] | None
    filter: dict[str, Any]
    undoes: int | None
    state: BulkState
    total: int
    done: int
    changed: int
    cursor: int
    until_id: int
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def match(self) -> Match:
        return Match(**self.filter)

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
