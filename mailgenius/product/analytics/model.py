"""Rows of the reports. No I/O."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mailgenius.engine.ledger.model import MessageState
from mailgenius.product.leads.model import LeadStatus

SENT = frozenset(
    {
        MessageState.ACCEPTED,
        MessageState.DELIVERED,
        MessageState.BOUNCED,
        MessageState.COMPLAINED,
    }
)
"""States of a message that a provider took."""
DELIVERED = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.COMPLAINED})
"""States of a message that arrived as far as anybody told: providers by SMTP report only failures."""
BOUNCED = frozenset({MessageState.BOUNCED, MessageState.REJECTED})
"""States of a message that could not be delivered: returned later, or refused at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkResult:
    """Clicks on one link. `clicks_unique` counts messages, not clicks."""

    link_no: int
    url: str
    clicks: int
    clicks_unique: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HourPoint:
    """What happened in one hour, which `hour` begins."""

    hour: datetime
    sent: int
    opened: int
    clicked: int
    unsubscribed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignResults:
    """What became of one order's messages. `*_unique` count messages; machines are counted apart."""

    counts: dict[MessageState, int]
    total: int
    sent: int
    delivered: int
    bounced: int
    opened: int
    opened_unique: int
    opened_machine: int
    clicked: int
    clicked_unique: int
    clicked_machine: int
    replied: int
    """Messages that their recipients answered, as far as it was told."""
    unsubscribed: int
    links: list[LinkResult]
    hours: list[HourPoint]


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """One order in a list."""

    total: int = 0
    sent: int = 0
    opened_unique: int = 0
    clicked_unique: int = 0
    bounced: int = 0
    unsubscribed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DayPoint:
    """What happened on one day of the workspace's time zone."""

    day: date
    sent: int
    opened: int
    clicked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Dashboard:
    """A workspace at a glance: the last 30 days, today included."""

    leads_total: int
    leads_by_status: dict[LeadStatus, int]
    sent: int
    opened: int
    clicked: int
    unsubscribed: int
    bounced: int
    days: list[DayPoint]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineItem:
    """One thing that happened to a lead.

    `kind` is `lead.<what>` (from the lead's own activity), `message.<state>`, or `event.open`, `event.click`,
    `event.unsubscribe`, `event.replied`; `detail` holds what there is to say about it.
    """

    at: datetime
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StateCount:
    """Messages of one order in one state."""

    order_id: int
    state: MessageState
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EventCount:
    """Events of one order and kind, whole messages."""

    order_id: int
    kind: str
    n: int
    n_first: int
    n_machine: int
