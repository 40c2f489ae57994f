"""The form of a topic: what it is called in both languages, what it brings, and who gets it unasked."""

from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.product.preferences.model import Topic, TopicInput
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

TOPIC_FIELDS: Final = ("name_en", "name_pt", "about_en", "about_pt", "by_default", "place", "key")


@dataclass(frozen=True, kw_only=True)
class TopicForm:
    """A topic as typed."""

    name_en: str = ""
    name_pt: str = ""
    about_en: str = ""
    about_pt: str = ""
    by_default: bool = True
    place: str = "0"
    key: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Topic) -> Self:
        values = {name: getattr(stored, name) for name in TOPIC_FIELDS}
        return cls(**values | {"place": str(stored.place)})

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        place = form.text("place", limit=4) or "0"
        if not (place.isascii() and place.isdigit()):
            form.refuse("place", _("Enter a whole number."))
        return cls(
            name_en=form.text("name_en", limit=100),
            name_pt=form.text("name_pt", limit=100),
            about_en=form.text("about_en", limit=300),
            about_pt=form.text("about_pt", limit=300),
            by_default=form.choice("by_default", ("in", "out"), default="in") == "in",
            place=place,
            key=form.text("key", limit=63).lower(),
            errors=form.errors,
        )

    @property
    def topic(self) -> TopicInput:
        """The command. Call it only when the form has no errors."""
        values = {name: getattr(self, name) for name in TOPIC_FIELDS}
        return TopicInput(**values | {"place": int(self.place)})
