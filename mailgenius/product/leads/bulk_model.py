"""Acts on all leads that match a filter: what can be done, to whom, and how far it is. No I/O."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailgenius.product.leads.model import LeadStatus


class LeadAct(StrEnum):
    """What is done to each lead."""

    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"
    SET_STATUS = "set_status"
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
class Match:
    """Which leads are meant: those that the list shows for this text, tag and status. Empty is everybody."""

    text: str | None = None
    tag: str | None = None
    status: LeadStatus | None = None
    ids: list[int] | None = None

    def parameters(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkAct:
    """An act and how far it is. `total` was counted when it was asked for; later leads are left alone."""

    id: int
    act: LeadAct
    tags: tuple[str, ...]
    status: LeadStatus | None
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
