"""Rows, commands and the state machine of campaigns. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailgenius.product.leads.model import Audience


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    FREEZING = "freezing"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


TRANSITIONS: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.FREEZING}),
    CampaignState.SCHEDULED: frozenset(
        {CampaignState.DRAFT, CampaignState.FREEZING, CampaignState.CANCELLED}
    ),
    CampaignState.FREEZING: frozenset(
        {CampaignState.SENDING, CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.FINISHED}
    ),
    CampaignState.SENDING: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.CANCELLED}),
    CampaignState.PAUSED: frozenset(
        {
            CampaignState.FREEZING,
            CampaignState.SENDING,
            CampaignState.FINISHED,
            CampaignState.CANCELLED,
        }
    ),
    CampaignState.FINISHED: frozenset(),
    CampaignState.CANCELLED: frozenset(),
}
"""Which state may follow which. PAUSED -> FINISHED: the last open window may settle after the pause."""

RUNNING = frozenset({CampaignState.FREEZING, CampaignState.SENDING})


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignInput:
    """What an author decides."""

    name: str
    template_id: int
    connection_id: int | None
    """None: the engine chooses among all connections of the channel."""
    sender_email: str
    audience: Audience
    sender_name: str = ""
    reply_to: str = ""
    scheduled_at: datetime | None = None
    """Launch at this moment instead of at once."""
    per_minute: int | None = None
    """No more than so many in any minute; None: as fast as the connections allow."""
    per_hour: int | None = None
    topic_id: int | None = None
    """What it is about: it does not go to leads that do not want this topic. None: to all of the audience."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A stored campaign."""

    id: int
    name: str
    channel: str
    state: CampaignState
    template_id: int
    connection_id: int | None
    sender_email: str
    sender_name: str
    reply_to: str
    audience: Audience
    order_id: int | None
    frozen_to: int
    frozen_until: int | None
    frozen_count: int
    frozen_at: datetime | None
    scheduled_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    error: str
    per_minute: int | None
    per_hour: int | None
    topic_id: int | None
    halted_for: str
    """Why the engine paused it by itself, `bounces` or `complaints`; empty when it did not."""
    halted_count: int
    halted_of: int
    """Among so many that had been sent."""
    halted_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def as_input(self) -> CampaignInput:
        return CampaignInput(
            name=self.name,
            template_id=self.template_id,
            connection_id=self.connection_id,
            sender_email=self.sender_email,
            audience=self.audience,
            sender_name=self.sender_name,
            reply_to=self.reply_to,
            scheduled_at=self.scheduled_at,
            per_minute=self.per_minute,
            per_hour=self.per_hour,
            topic_id=self.topic_id,
        )
