"""Reads the fields of a posted form and notes what is wrong with each. The forms of the areas build on it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from mailgenius.kit import clock
from mailgenius.kit.errors import MailGeniusError
from mailgenius.web.formats import zone_of
from mailgenius.web.i18n import _
from mailgenius.web.texts import message_of, problems_of

T = TypeVar("T")

FORM: Final = ""
"""Key of a problem that belongs to no single field."""

_LINE_BREAKS: Final = re.compile(r"\r\n?")


class Posted(Protocol):
    """A form as the web framework gives it: a mapping whose keys may come several times."""

    def getall(self, key: str, default: list[Any]) -> list[Any]: ...


class FormReader:
    """Takes fields one by one. `errors` holds one sentence for each field that is wrong."""

    def __init__(self, posted: Posted) -> None:
        self._posted = posted
        self.errors: dict[str, str] = {}

    def raw(self, name: str) -> str:
        """The text as typed, without NUL, which PostgreSQL cannot store."""
        found = self._posted.getall(name, [])
        if not found or not isinstance(found[0], str):
            return ""
        return _LINE_BREAKS.sub("\n", found[0]).replace("\0", "")

    def text(self, name: str, *, limit: int = 200, required: bool = False) -> str:
        """One line, trimmed."""
        value = " ".join(self.raw(name).split())
        if required and not value:
            self.refuse(name, _("Fill this in."))
        if len(value) > limit:
            self.refuse(name, _("Use at most %(limit)s characters.", limit=limit))
        return value

    def lines(self, name: str) -> tuple[str, ...]:
        """Different texts, one on each line or with commas between."""
        found = (line.strip() for line in self.raw(name).replace(",", "\n").split("\n"))
        return tuple(dict.fromkeys(line for line in found if line))

    def choice(self, name: str, known: Iterable[T], *, default: T) -> T:
        """One of the known values, told by their text; anything else is refused."""
        value = self.raw(name).strip()
        for each in known:
            if str(each) == value:
                return each
        if value:
            self.refuse(name, _("Choose one of the list."))
        return default

    def chosen(self, name: str, known: Iterable[T]) -> list[T]:
        """Those of the known values that were ticked."""
        ticked = {str(value) for value in self._posted.getall(name, [])}
        return [each for each in known if str(each) in ticked]

    def limit(self, name: str) -> str:
        """A whole number above zero as text, or nothing for no limit."""
        value = self.text(name, limit=10)
        if value and not (value.isascii() and value.isdigit() and 0 < int(value) < 2**31):
            self.refuse(name, _("Enter a whole number above zero, or nothing for no limit."))
        return value

    def flag(self, name: str) -> bool:
        return bool(self.raw(name))

    def tags(self, name: str) -> tuple[str, ...]:
        """Tags: one value each with scripts, one comma-separated value without."""
        parts = (
            part.strip()
            for value in self._posted.getall(name, [])
            if isinstance(value, str)
            for part in value.replace("\0", "").split(",")
        )
        return tuple(dict.fromkeys(part for part in parts if part))

    def ids(self, name: str) -> list[int]:
        """Row ids; what is not a number is left out, because no checkbox sends it."""
        values = (value for value in self._posted.getall(name, []) if isinstance(value, str))
        return [int(value) for value in values if value.isdecimal() and len(value) < 19]  # noqa: PLR2004  # bigint

    def moment(self, name: str, timezone: str) -> datetime | None:
        """A local date and time of the page's time zone, as UTC."""
        value = self.raw(name).strip()
        if not value:
            return None
        try:
            local = datetime.fromisoformat(value)
        except ValueError:
            local = None
        if local is None or not clock.within_reach(local):
            self.refuse(name, _("Write a date and a time."))
            return None
        return local.replace(tzinfo=local.tzinfo or zone_of(timezone)).astimezone(UTC)

    def refuse(self, name: str, problem: str) -> None:
        """Note a problem; the first one of a field stays."""
        self.errors.setdefault(name, problem)


def errors_of(error: MailGeniusError, *, fields: Sequence[str], default: str = FORM) -> dict[str, str]:
    """What a rule refused, beside the fields of this form; the rest goes to the `default` field."""
    problems = problems_of(error)
    if not problems:
        return {default: message_of(error)}
    return {name if name in fields else default: text for name, text in problems.items()}


def picked(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the values that have one of the names."""
    return {name: values[name] for name in names if name in values}
