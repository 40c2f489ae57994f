"""The shapes of topics and preferences in JSON. No routes."""

from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType, field
from msgspec.structs import asdict

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Way
from mailgenius.product.leads.service import PreferenceChanges, Preferences
from mailgenius.product.preferences.model import (
    ChoiceChanges,
    Frequency,
    LeadLanguage,
    Topic,
    TopicInput,
)

Key = Annotated[
    str, Meta(description="a-z, 0-9 and _, beginning with a letter; it stays.", examples=["news"])
]
NameEn = Annotated[str, Meta(description="The public name in English.", examples=["News"])]
NamePt = Annotated[str, Meta(description="In Portuguese; the other one when empty.", examples=["Novidades"])]
AboutEn = Annotated[str, Meta(description="What it brings, in a sentence.", examples=["Once a week."])]
AboutPt = Annotated[str, Meta(description="The same in Portuguese; the other one when empty.")]
ByDefault = Annotated[bool, Meta(description="Whether leads that never chose get it.")]
Place = Annotated[int, Meta(description="The order in which topics are shown, the lowest first.")]
Often = Annotated[Frequency, Meta(description="At most one message of campaigns in so long.")]


class TopicBody(Body):
    """A topic to add."""

    name_en: NameEn = ""
    name_pt: NamePt = ""
    about_en: AboutEn = ""
    about_pt: AboutPt = ""
    by_default: ByDefault = True
    place: Place = 0
    key: Annotated[str, Meta(description="Made of the name when empty.")] = ""

    def as_input(self) -> TopicInput:
        return TopicInput(**asdict(self))


class TopicChanges(Body):
    """What to change of a topic. What is absent stays; so do the choices of leads."""

    name_en: NameEn | UnsetType = UNSET
    name_pt: NamePt | UnsetType = UNSET
    about_en: AboutEn | UnsetType = UNSET
    about_pt: AboutPt | UnsetType = UNSET
    by_default: ByDefault | UnsetType = UNSET
    place: Place | UnsetType = UNSET
    archived: Annotated[
        bool | UnsetType, Meta(description="An archived topic is offered to nobody and launches nothing.")
    ] = UNSET

    def changes_words(self) -> bool:
        return any(getattr(self, name) is not UNSET for name in self.__struct_fields__ if name != "archived")

    def applied_to(self, before: Topic) -> TopicInput:
        given = {name: value for name, value in asdict(self).items() if name != "archived"}
        return TopicInput(
            **{name: getattr(before, name) if value is UNSET else value for name, value in given.items()}
        )


class TopicAnswer(Answer):
    """Something that the workspace writes about."""

    id: Id
    key: Key
    name_en: NameEn
    name_pt: NamePt
    about_en: AboutEn
    about_pt: AboutPt
    by_default: ByDefault
    place: Place
    archived: bool

    @classmethod
    def of(cls, topic: Topic) -> Self:
        return cls(
            id=str(topic.id),
            key=topic.key,
            name_en=topic.name_en,
            name_pt=topic.name_pt,
            about_en=topic.about_en,
            about_pt=topic.about_pt,
            by_default=topic.by_default,
            place=topic.place,
            archived=topic.archived_at is not None,
        )


class TopicList(Answer):
    """The topics of the workspace, in the order shown."""

    items: list[TopicAnswer]


class PreferencesBody(Body):
    """What a lead prefers. What is absent stays."""

    topics: Annotated[
        dict[str, bool | None],
        Meta(
            description="By key. Null takes a choice back, so that the topic's default holds.",
            examples=[{"news": True, "offers": False}],
        ),
    ] = field(default_factory=dict)
    frequency: Often | None = None
    language: LeadLanguage | None = None

    def changes(self) -> PreferenceChanges:
        return PreferenceChanges(
            way=Way.API,
            choices=ChoiceChanges(topics=self.topics, frequency=self.frequency, language=self.language),
        )


class TopicChoice(Answer):
    """A topic that is offered, and what holds."""

    key: Key
    wanted: Annotated[bool, Meta(description="Campaigns about it are sent to the lead.")]
    chosen: Annotated[bool, Meta(description="The lead said so; false: it is the topic's default.")]


class ChannelChoice(Answer):
    """A channel that reaches the lead."""

    channel: Channel
    on: Annotated[bool, Meta(description="Messages may go there.")]
    stopped: Annotated[bool, Meta(description="They may not, whatever the lead chooses on its page.")]


class PreferencesAnswer(Answer):
    """What a lead prefers, and what holds where it never chose."""

    topics: list[TopicChoice]
    channels: list[ChannelChoice]
    frequency: Often
    language: Annotated[LeadLanguage | None, Meta(description="Null: none was chosen.")]

    @classmethod
    def of(cls, found: Preferences) -> Self:
        choices = found.choices
        return cls(
            topics=[
                TopicChoice(key=each.key, wanted=choices.wants(each), chosen=choices.of(each) is not None)
                for each in found.topics
            ],
            channels=[
                ChannelChoice(channel=each.channel, on=each.on, stopped=each.stopped)
                for each in found.channels
            ],
            frequency=choices.frequency,
            language=LeadLanguage(choices.language) if choices.language else None,
        )
