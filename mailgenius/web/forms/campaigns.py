"""The form of a campaign: what is sent, to whom, from whom, through what, and when."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from mailgenius.product.campaigns.model import Campaign, CampaignInput
from mailgenius.product.leads.model import Audience, SegmentFilter, TagFilter
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

CAMPAIGN_FIELDS: Final = (
    "name",
    "template_id",
    "topic_id",
    "connection_id",
    "sender_email",
    "sender_name",
    "reply_to",
    "audience",
    "scheduled_at",
    "per_minute",
    "per_hour",
)


@dataclass(frozen=True, kw_only=True)
class CampaignForm:
    """A campaign as typed."""

    name: str = ""
    template_id: int | None = None
    topic_id: int | None = None
    connection_id: int | None = None
    sender_email: str = ""
    sender_name: str = ""
    reply_to: str = ""
    everyone: bool = True
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    segments_any: tuple[int, ...] = ()
    segments_none: tuple[int, ...] = ()
    at_a_time: bool = False
    scheduled_at: datetime | None = None
    per_minute: str = ""
    per_hour: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        tags, segments = campaign.audience.tags, campaign.audience.segments
        return cls(
            name=campaign.name,
            template_id=campaign.template_id,
            topic_id=campaign.topic_id,
            connection_id=campaign.connection_id,
            sender_email=campaign.sender_email,
            sender_name=campaign.sender_name,
            reply_to=campaign.reply_to,
            everyone=campaign.audience.all,
            tags_any=tags.any,
            tags_all=tags.all,
            tags_none=tags.none,
            segments_any=segments.any,
            segments_none=segments.none,
            at_a_time=campaign.scheduled_at is not None,
            scheduled_at=campaign.scheduled_at,
            per_minute=str(campaign.per_minute or ""),
            per_hour=str(campaign.per_hour or ""),
        )

    @classmethod
    def read(cls, posted: Posted, *, timezone: str) -> Self:
        form = FormReader(posted)
        templates, connections = form.ids("template_id"), form.ids("connection_id")
        topics = form.ids("topic_id")
        if not templates:
            form.refuse("template_id", _("Choose a template."))
        everyone = form.choice("audience", ("all", "tags"), default="all") == "all"
        tags_any, tags_all = form.tags("tags_any"), form.tags("tags_all")
        segments_any = tuple(form.ids("segments_any"))
        if not everyone and not tags_any and not tags_all and not segments_any:
            form.refuse("audience", _("Choose at least one segment or tag, or choose everyone."))
        at_a_time = form.choice("when", ("now", "later"), default="now") == "later"
        scheduled_at = form.moment("scheduled_at", timezone) if at_a_time else None
        if at_a_time and scheduled_at is None:
            form.refuse("scheduled_at", _("Write a date and a time."))
        return cls(
            name=form.text("name", required=True),
            template_id=templates[0] if templates else None,
            topic_id=topics[0] if topics else None,
            connection_id=connections[0] if connections else None,
            sender_email=form.text("sender_email", limit=254, required=True),
            sender_name=form.text("sender_name", limit=100),
            reply_to=form.text("reply_to", limit=254),
            everyone=everyone,
            tags_any=tags_any,
            tags_all=tags_all,
            tags_none=form.tags("tags_none"),
            segments_any=segments_any,
            segments_none=tuple(form.ids("segments_none")),
            at_a_time=at_a_time,
            scheduled_at=scheduled_at,
            per_minute=form.limit("per_minute"),
            per_hour=form.limit("per_hour"),
            errors=form.errors,
        )

    @property
    def audience(self) -> Audience:
        if self.everyone:
            return Audience(
                all=True,
                tags=TagFilter(none=self.tags_none),
                segments=SegmentFilter(none=self.segments_none),
            )
        return Audience(
            tags=TagFilter(any=self.tags_any, all=self.tags_all, none=self.tags_none),
            segments=SegmentFilter(any=self.segments_any, none=self.segments_none),
        )

    @property
    def campaign(self) -> CampaignInput:
        """The command. Call it only when the form has no errors."""
        return CampaignInput(
            name=self.name,
            template_id=self.template_id or 0,
            connection_id=self.connection_id,
            topic_id=self.topic_id,
            per_minute=int(self.per_minute) if self.per_minute else None,
            per_hour=int(self.per_hour) if self.per_hour else None,
            sender_email=self.sender_email,
            sender_name=self.sender_name,
            reply_to=self.reply_to,
            audience=self.audience,
            scheduled_at=self.scheduled_at,
        )
