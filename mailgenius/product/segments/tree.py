"""A segment's tree: groups of conditions, what each kind of condition may ask, and the limits. No I/O.

In JSON a group is `{"all": […]}`, `{"any": […]}` or `{"none": […]}`; a condition says `on` what it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Basis
from mailgenius.product.leads.model import FieldType, LeadStatus

MAX_DEPTH = 8
"""Groups inside each other."""
MAX_CONDITIONS = 100
MAX_EXPANDED = 500
"""Conditions with those of the segments that a tree uses, and of theirs."""
MAX_VALUES = 500
"""Values of one condition."""
MAX_TEXT = 1000
MAX_TREE_BYTES = 64 << 10
MAX_DAYS = 36_500
MAX_TIMES = 1_000


class GroupKind(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


class Shape(StrEnum):
    """What the value of an operator is."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    NUMBERS = "numbers"
    """From and to, both included."""
    DATE = "date"
    DATES = "dates"
    """From and to, both included."""
    DAYS = "days"
    MONTH = "month"
    YES_NO = "yes_no"


_PRESENCE = {"is_set": Shape.NOTHING, "is_empty": Shape.NOTHING}
_CHOICE = {"is": Shape.TEXT, "is_not": Shape.TEXT, "in": Shape.TEXTS, "not_in": Shape.TEXTS, **_PRESENCE}
_TEXT = {
    **_CHOICE,
    "contains": Shape.TEXT,
    "not_contains": Shape.TEXT,
    "starts_with": Shape.TEXT,
    "ends_with": Shape.TEXT,
}
_MOMENT = {
    "on": Shape.DATE,
    "before": Shape.DATE,
    "after": Shape.DATE,
    "between": Shape.DATES,
    "in_last": Shape.DAYS,
    "before_last": Shape.DAYS,
    "in_next": Shape.DAYS,
    "anniversary": Shape.DAYS,
    "month": Shape.MONTH,
    **_PRESENCE,
}
OPERATORS: dict[FieldType, dict[str, Shape]] = {
    FieldType.TEXT: _TEXT,
    FieldType.URL: _TEXT,
    FieldType.CHOICE: _CHOICE,
    FieldType.NUMBER: {
        "is": Shape.NUMBER,
        "is_not": Shape.NUMBER,
        "less": Shape.NUMBER,
        "at_most": Shape.NUMBER,
        "more": Shape.NUMBER,
        "at_least": Shape.NUMBER,
        "between": Shape.NUMBERS,
        **_PRESENCE,
    },
    FieldType.DATE: _MOMENT,
    FieldType.DATETIME: _MOMENT,
    FieldType.BOOLEAN: {"is": Shape.YES_NO, **_PRESENCE},
    FieldType.CHOICES: {"any": Shape.TEXTS, "all": Shape.TEXTS, "none": Shape.TEXTS, **_PRESENCE},
}
"""What may be asked of a value of each type. Days count whole days in the workspace's time zone."""


class On(StrEnum):
    """What a condition is about."""

    FIELD = "field"
    """A custom field."""
    LEAD = "lead"
    """What every lead has."""
    STATUS = "status"
    TAG = "tag"
    CONSENT = "consent"
    TOPIC = "topic"
    BEHAVIOUR = "behaviour"
    IMPORT = "import"
    SEGMENT = "segment"
    SHARE = "share"


ATTRIBUTES: dict[str, FieldType] = {
    "name": FieldType.TEXT,
    "email": FieldType.TEXT,
    "phone": FieldType.TEXT,
    "external_id": FieldType.TEXT,
    "consent_source": FieldType.TEXT,
    "created_at": FieldType.DATETIME,
    "updated_at": FieldType.DATETIME,
    "consent_at": FieldType.DATETIME,
}


class ConsentOp(StrEnum):
    """What is asked of a legal basis."""

    GIVEN = "given"
    MISSING = "missing"
    """Never given, or withdrawn."""
    WITHDRAWN = "withdrawn"


ANY_BASIS = "any"
"""In JSON: whatever the legal basis is. When none is named, consent itself is asked for."""


class Act(StrEnum):
    """What may have happened between a campaign and a lead."""

    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    REPLIED = "replied"


Value = (
    str | tuple[str, ...] | Decimal | tuple[Decimal, Decimal] | date | tuple[date, date] | int | bool | None
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueCondition:
    """On a custom field, or on what every lead has."""

    on: On
    key: str
    type: FieldType
    op: str
    value: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusCondition:
    op: str
    """`in` or `not_in`."""
    statuses: tuple[LeadStatus, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TagCondition:
    op: str
    """`any`, `all` or `none`."""
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentCondition:
    op: ConsentOp
    channel: Channel | None
    """None: any channel."""
    basis: Basis | None
    """None: any legal basis."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicCondition:
    """What a lead chose of a topic, or else what holds for those who never chose."""

    wants: bool
    topic_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BehaviourCondition:
    """Something happened to at least `times` messages; `did` turned around says that it did not."""

    did: bool
    act: Act
    campaign_id: int | None
    """None: any campaign."""
    times: int
    days: int | None
    """In the last so many days; None: ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportCondition:
    inside: bool
    import_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentCondition:
    inside: bool
    segment_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareCondition:
    """A random share of all leads that stays the same: hundredths of a percent, from one up to another."""

    start: int
    end: int
    salt: str


Condition = (
    ValueCondition
    | StatusCondition
    | TagCondition
    | ConsentCondition
    | TopicCondition
    | BehaviourCondition
    | ImportCondition
    | SegmentCondition
    | ShareCondition
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    kind: GroupKind
    nodes: "tuple[Node, ...]"


Node = Group | Condition


def conditions(node: Node) -> Iterator[Condition]:
    """Every condition of a tree, in order."""
    if isinstance(node, Group):
        for child in node.nodes:
            yield from conditions(child)
    else:
        yield node


def segments_in(node: Node) -> tuple[int, ...]:
    """The segments that a tree names itself."""
    found = (each.segment_id for each in conditions(node) if isinstance(each, SegmentCondition))
    return tuple(dict.fromkeys(found))


def campaigns_in(node: Node) -> tuple[int, ...]:
    """The campaigns that a tree names itself."""
    found = (each.campaign_id for each in conditions(node) if isinstance(each, BehaviourCondition))
    return tuple(dict.fromkeys(campaign for campaign in found if campaign is not None))


def topics_in(node: Node) -> tuple[int, ...]:
    """The topics that a tree names itself."""
    found = (each.topic_id for each in conditions(node) if isinstance(each, TopicCondition))
    return tuple(dict.fromkeys(found))


def imports_in(node: Node) -> tuple[int, ...]:
    """The imports that a tree names itself."""
    return tuple(
        dict.fromkeys(
            number
            for each in conditions(node)
            if isinstance(each, ImportCondition)
            for number in each.import_ids
        )
    )
