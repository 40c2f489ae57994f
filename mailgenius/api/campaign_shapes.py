"""The shapes of campaigns in JSON, and how they are made from what the services know. No routes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from mailgenius.api.audience_shapes import AudienceAnswer, AudienceBody, audience_answer
from mailgenius.api.bodies import Answer, Body, Id, number_of
from mailgenius.engine.ledger.model import MessageRow, MessageState
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.analytics.model import CampaignResults
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState

Name = Annotated[str, Meta(description="What people call it.", examples=["June news"])]
ScheduledAt = Annotated[
    datetime, Meta(tz=True, description="Launch at this moment instead of at once, with its time zone.")
]


_ABOUT = "The topic that it is about: leads that do not want it are left out. Null: none."
_THROUGH = "The connection to send through; null: the engine chooses among all of the channel."


class SenderBody(Body):
    """Who the messages are from."""

    email: Annotated[str, Meta(examples=["news@example.com"])]
    name: Annotated[str, Meta(examples=["Example Shop"])] = ""


class SpeedBody(Body):
    """The campaign's own speed limit, beside those of the connections."""

    per_minute: Annotated[int | None, Meta(description="Messages in a minute; null for no limit.")] = None
    per_hour: Annotated[int | None, Meta(description="Messages in an hour; null for no limit.")] = None


class CampaignBody(Body):
    """A campaign to write down as a draft."""

    name: Name
    template_id: Id
    sender: SenderBody
    audience: AudienceBody
    connection_id: Annotated[Id | None, Meta(description=_THROUGH)] = None
    speed: SpeedBody = field(default_factory=SpeedBody)
    reply_to: Annotated[str, Meta(description="Where answers go; the sender when empty.")] = ""
    scheduled_at: ScheduledAt | None = None
    topic_id: Annotated[Id | None, Meta(description=_ABOUT)] = None

    def as_input(self) -> CampaignInput:
        return CampaignInput(
            name=self.name,
            template_id=int(self.template_id),
            connection_id=number_of(self.connection_id),
            per_minute=self.speed.per_minute,
            per_hour=self.speed.per_hour,
            sender_email=self.sender.email,
            sender_name=self.sender.name,
            audience=self.audience.audience(),
            reply_to=self.reply_to,
            scheduled_at=self.scheduled_at,
            topic_id=number_of(self.topic_id),
        )


class CampaignChanges(Body):
    """What to change of a draft. An absent field stays."""

    name: Name | UnsetType = UNSET
    template_id: Id | UnsetType = UNSET
    connection_id: Id | UnsetType | None = UNSET
    speed: SpeedBody | UnsetType = UNSET
    sender: SenderBody | UnsetType = UNSET
    audience: AudienceBody | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    scheduled_at: ScheduledAt | UnsetType | None = UNSET
    topic_id: Id | UnsetType | None = UNSET

    def applied_to(self, before: CampaignInput) -> CampaignInput:
        sender = SenderBody(email=before.sender_email, name=before.sender_name)
        if self.sender is not UNSET:
            sender = self.sender
        through = before.connection_id if self.connection_id is UNSET else number_of(self.connection_id)
        about = before.topic_id if self.topic_id is UNSET else number_of(self.topic_id)
        return CampaignInput(
            name=before.name if self.name is UNSET else self.name,
            template_id=before.template_id if self.template_id is UNSET else int(self.template_id),
            connection_id=through,
            per_minute=before.per_minute if self.speed is UNSET else self.speed.per_minute,
            per_hour=before.per_hour if self.speed is UNSET else self.speed.per_hour,
            sender_email=sender.email,
            sender_name=sender.name,
            audience=before.audience if self.audience is UNSET else self.audience.audience(),
            reply_to=before.reply_to if self.reply_to is UNSET else self.reply_to,
            scheduled_at=before.scheduled_at if self.scheduled_at is UNSET else self.scheduled_at,
            topic_id=about,
        )


class SenderAnswer(Answer):
    """Who the messages are from."""

    email: str
    name: str


class SpeedAnswer(Answer):
    """The campaign's own speed limit."""

    per_minute: int | None
    per_hour: int | None


class HaltAnswer(Answer):
    """Too many messages bounced, or too many people complained, so the campaign was paused."""

    reason: Annotated[str, Meta(description="`bounces` or `complaints`.")]
    count: int
    sent: Annotated[int, Meta(description="Messages that had been sent.")]
    at: datetime | None


class LinkAnswer(Answer):
    """A link of the message and its clicks."""

    url: str
    clicks: int
    clicks_unique: Annotated[int, Meta(description="Recipients who clicked it.")]


class CampaignSummary(Answer):
    """A campaign."""

    id: Id
    name: Name
    channel: str
    state: CampaignState
    template_id: Id
    connection_id: Annotated[Id | None, Meta(description=_THROUGH)]
    speed: SpeedAnswer
    sender: SenderAnswer
    reply_to: str
    topic_id: Annotated[Id | None, Meta(description=_ABOUT)]
    audience: AudienceAnswer
    recipients: Annotated[int, Meta(description="Leads written down so far; grows while it is freezing.")]
    error: Annotated[str, Meta(description="Why a scheduled launch did not happen; empty otherwise.")]
    halted: Annotated[
        HaltAnswer | None, Meta(description="Why it was paused by itself; null when it was not.")
    ]
    scheduled_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CampaignAnswer(CampaignSummary):
    """A campaign with its results so far."""

    counts: Annotated[
        dict[MessageState, int],
        Meta(description="Messages in each state that has any.", examples=[{"queued": 120, "accepted": 880}]),
    ]
    total: Annotated[int, Meta(description="All its messages: the sum of the counts.")]
    sent: Annotated[int, Meta(description="Messages that the provider took.")]
    delivered: Annotated[int, Meta(description="Messages that the provider says arrived.")]
    opened: Annotated[int, Meta(description="Opens by people, repeated ones too.")]
    opened_unique: Annotated[int, Meta(description="Recipients who opened it.")]
    opened_machine: Annotated[int, Meta(description="Opens by proxies and scanners; in no other number.")]
    clicked: Annotated[int, Meta(description="Clicks by people, repeated ones too.")]
    clicked_unique: Annotated[int, Meta(description="Recipients who clicked.")]
    replied: Annotated[int, Meta(description="Recipients who answered, as far as it was told.")]
    unsubscribed: int
    bounced: int
    links: list[LinkAnswer]


class CampaignPage(Answer):
    """Campaigns, newest first, without their results."""

    items: list[CampaignSummary]
    next_cursor: str | None


class MessageAnswer(Answer):
    """One recipient of a campaign and what happened."""

    id: Id
    lead_id: Id | None
    address: str
    state: MessageState
    attempts: int
    provider_ref: Annotated[str, Meta(description="The provider's own id of it.")]
    error: Annotated[str, Meta(description="Why it was not sent; empty otherwise.")]
    updated_at: datetime


class MessagePage(Answer):
    """Messages in the order they were written down."""

    items: list[MessageAnswer]
    next_cursor: str | None


def campaign_summary(campaign: Campaign) -> CampaignSummary:
    return CampaignSummary(**_common(campaign))


def campaign_answer(campaign: Campaign, results: CampaignResults | None) -> CampaignAnswer:
    """Put the results beside the campaign. Before its launch there are none, and every number is zero."""
    numbers: dict[str, Any] = {name: getattr(results, name, 0) for name in _NUMBERS}
    links = [
        LinkAnswer(url=link.url, clicks=link.clicks, clicks_unique=link.clicks_unique)
        for link in (results.links if results else ())
    ]
    counts = {state: n for state, n in results.counts.items() if n} if results else {}
    return CampaignAnswer(**_common(campaign), **numbers, counts=counts, links=links)


def message_answer(message: MessageRow) -> MessageAnswer:
    return MessageAnswer(**message_values(message))


def message_values(message: MessageRow) -> dict[str, Any]:
    """Return what every answer about a message says."""
    return {
        "id": str(message.id),
        "lead_id": None if message.lead_id is None else str(message.lead_id),
        "address": message.address,
        "state": message.state,
        "attempts": message.attempts,
        "provider_ref": message.provider_ref,
        "error": message.error,
        "updated_at": message.updated_at,
    }


@contextmanager
def named_as_sent() -> Iterator[None]:
    """Name fields as the request did: the service knows a flat `sender_email`, the API `sender.email`."""
    try:
        yield
    except Invalid as error:
        error.problems = tuple(
            Problem(_SENT_AS.get(problem.field, problem.field), problem.message) for problem in error.problems
        )
        raise


_SENT_AS = {"sender_email": "sender.email", "sender_name": "sender.name"}
_NUMBERS = (
    "total", "sent", "delivered", "opened", "opened_unique", "opened_machine", "clicked", "clicked_unique",
    "replied", "unsubscribed", "bounced",
)  # fmt: skip


def _halt_answer(campaign: Campaign) -> HaltAnswer | None:
    if not campaign.halted_for:
        return None
    return HaltAnswer(
        reason=campaign.halted_for,
        count=campaign.halted_count,
        sent=campaign.halted_of,
        at=campaign.halted_at,
    )


def _common(campaign: Campaign) -> dict[str, Any]:
    return {
        "id": str(campaign.id),
        "name": campaign.name,
        "channel": campaign.channel,
        "state": campaign.state,
        "template_id": str(campaign.template_id),
        "connection_id": None if campaign.connection_id is None else str(campaign.connection_id),
        "speed": SpeedAnswer(per_minute=campaign.per_minute, per_hour=campaign.per_hour),
        "halted": _halt_answer(campaign),
        "sender": SenderAnswer(email=campaign.sender_email, name=campaign.sender_name),
        "reply_to": campaign.reply_to,
        "topic_id": None if campaign.topic_id is None else str(campaign.topic_id),
        "audience": audience_answer(campaign.audience),
        "recipients": campaign.frozen_count,
        "error": campaign.error,
        "scheduled_at": campaign.scheduled_at,
        "launched_at": campaign.launched_at,
        "finished_at": campaign.finished_at,
        "created_at": campaign.created_at,
        "updated_at": campaign.updated_at,
    }
