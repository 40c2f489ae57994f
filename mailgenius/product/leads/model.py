"""Rows, commands and choices of leads. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailgenius.kit.errors import invalid

MAX_BATCH = 5000
"""Leads in one call of `upsert_batch`."""


class LeadStatus(StrEnum):
    """Whether a lead may be written to, and why not."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"


class Mode(StrEnum):
    """What happens to a lead that exists already. New leads are created in every mode."""

    MERGE = "merge"
    """Values that are not empty fill in or replace; tags are added; fields are merged key by key."""
    OVERWRITE = "overwrite"
    """Every given value replaces, an empty one clears; given tags become the tags; other fields stay."""
    KEEP = "keep"
    """The lead stays as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """A stored lead."""

    id: int
    email: str | None
    phone: str | None
    external_id: str | None
    name: str
    status: LeadStatus
    tags: tuple[str, ...]
    fields: dict[str, Any]
    consent_at: datetime | None
    consent_source: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadInput:
    """What a caller says of a lead. None means "not said"; an empty value means "empty"."""

    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    name: str | None = None
    status: LeadStatus | None = None
    tags: tuple[str, ...] | None = None
    fields: dict[str, Any] | None = None
    consent_at: datetime | None = None
    consent_source: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Upserted:
    """The outcome of `upsert`."""

    lead: Lead
    created: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A lead of a batch that was not taken in, by its place in the batch, counted from 0."""

    index: int
    reason: str
    erased: bool = False
    """Its person asked to be erased."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchResult:
    """What became of each lead of a batch: the counts and the rejected add up to the batch."""

    created: int
    updated: int
    unchanged: int
    rejected: Sequence[Rejected]


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """Something that happened to a lead."""

    at: datetime
    kind: str
    detail: dict[str, Any]


class FieldType(StrEnum):
    """What the values of a custom field are. In the stored JSON: texts, except where said."""

    TEXT = "text"
    NUMBER = "number"
    """A JSON number."""
    DATE = "date"
    """`2026-01-31`."""
    DATETIME = "datetime"
    """`2026-01-31T12:00:00Z`, in UTC."""
    BOOLEAN = "boolean"
    """A JSON true or false."""
    CHOICE = "choice"
    CHOICES = "choices"
    """A JSON array of texts."""
    URL = "url"


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadField:
    """A custom field that the workspace's leads may have."""

    key: str
    label: str
    type: FieldType = FieldType.TEXT
    choices: tuple[str, ...] = ()
    """What a choice may be, in the order shown."""
    default_value: Any = None
    """What templates print when a lead has no value."""
    archived_at: datetime | None = None
    """No longer offered; the values of leads stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TagCount:
    tag: str
    n: int


class LeadSort(StrEnum):
    """The orders in which leads are listed."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CHANGED = "changed"
    """The last changed first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A time: from the first moment on, and before the second. None is open."""

    since: datetime | None = None
    until: datetime | None = None


EVER = Span()


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadPage:
    """Leads, in the order asked for."""

    items: Sequence[Lead]
    next_cursor: str | None
    total: int
    total_is_estimate: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TagFilter:
    """Leads with any of some tags, and all of others, and none of others. Empty conditions hold."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentFilter:
    """Leads in any of some segments and in none of others, by id. What a segment is, its own area knows."""

    any: tuple[int, ...] = ()
    none: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Audience:
    """Who a campaign is for: everyone, or tags, or segments; what is named of both must hold.

    In JSON `{"all": true}`, `{"tags": {"any": […], "all": […], "none": […]}}` and `{"segments": {"any": […],
    "none": […]}}`.
    """

    all: bool = False
    tags: TagFilter = field(default_factory=TagFilter)
    segments: SegmentFilter = field(default_factory=SegmentFilter)

    def check(self) -> None:
        """Refuse an audience that says nobody in particular.

        Raises:
            Invalid: neither everyone nor something to include is named.
        """
        included = self.tags.any or self.tags.all or self.segments.any
        if not self.all and not included:
            raise invalid("audience", "choose everyone, or at least one segment or tag to include")
        if self.all and included:
            raise invalid("audience", "everyone may be combined with exclusions only")
