"""Topics, what a lead chose, and the commands that change both. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class LeadLanguage(StrEnum):
    """The languages that the public pages speak."""

    ENGLISH = "en"
    PORTUGUESE = "pt-BR"

    @classmethod
    def of_locale(cls, locale: str) -> "LeadLanguage":
        return cls.PORTUGUESE if locale.startswith("pt") else cls.ENGLISH


class Frequency(StrEnum):
    """How often a lead wants messages of campaigns."""

    ANY = "any"
    """As they come."""
    WEEK = "week"
    MONTH = "month"

    @property
    def apart(self) -> timedelta | None:
        """How long one message lies behind the last at least; None: any time."""
        return _APART.get(self)


_APART = {Frequency.WEEK: timedelta(days=7), Frequency.MONTH: timedelta(days=30)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """Something that a workspace writes about."""

    id: int
    key: str
    name_en: str
    name_pt: str
    about_en: str
    about_pt: str
    by_default: bool
    """Whether those who never chose get it."""
    place: int
    archived_at: datetime | None

    def name_in(self, language: LeadLanguage) -> str:
        return self.name_pt if language is LeadLanguage.PORTUGUESE else self.name_en

    def about_in(self, language: LeadLanguage) -> str:
        return self.about_pt if language is LeadLanguage.PORTUGUESE else self.about_en


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicInput:
    """A topic as somebody wrote it. A name or a text that stands in one language serves for the other."""

    name_en: str = ""
    name_pt: str = ""
    about_en: str = ""
    about_pt: str = ""
    by_default: bool = True
    place: int = 0
    key: str = ""
    """Made of the name when empty; a stored topic keeps the one it has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a lead chose."""

    lead_id: int
    topics_in: tuple[int, ...] = ()
    topics_out: tuple[int, ...] = ()
    frequency: Frequency = Frequency.ANY
    language: str = ""
    """Empty: none was chosen."""

    def of(self, topic: Topic) -> bool | None:
        """What was chosen of a topic; None when nothing was."""
        if topic.id in self.topics_in:
            return True
        return False if topic.id in self.topics_out else None

    def wants(self, topic: Topic) -> bool:
        chosen = self.of(topic)
        return topic.by_default if chosen is None else chosen


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceChanges:
    """What to change of a lead's choices. What is not named stays."""

    topics: Mapping[str, bool | None] = field(default_factory=dict)
    """By key; None takes the choice back, so that the topic's default holds."""
    frequency: Frequency | None = None
    language: LeadLanguage | None = None
