"""What the list of activity is narrowed to, as the address of the page says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from mailgenius.kit.audit.model import Wanted
from mailgenius.kit.doers import DoerKind
from mailgenius.web.forms.days import day_of, midnight

MOST_DIGITS = 18


@dataclass(frozen=True, kw_only=True)
class ActivityFilters:
    """The filters as chosen. What the address says wrongly is left out, as if it were not there."""

    who: str = ""
    """A kind of doer, alone or with an id: `api_key:3`."""
    action: str = ""
    kind: str = ""
    object: str = ""
    since: date | None = None
    until: date | None = None
    """The last day that is meant."""
    timezone: str

    @classmethod
    def read(cls, query: Mapping[str, str], *, timezone: str) -> Self:
        given = {name: str(query.get(name, "")).strip().replace("\0", "") for name in query}
        who = given.get("who", "")
        kind, _, number = who.partition(":")
        known = kind in set(DoerKind) and (not number or (number.isdecimal() and len(number) <= MOST_DIGITS))
        return cls(
            who=who if known else "",
            action=given.get("action", ""),
            kind=given.get("kind", ""),
            object=given.get("object", ""),
            since=day_of(given.get("since", "")),
            until=day_of(given.get("until", "")),
            timezone=timezone,
        )

    @property
    def narrow(self) -> bool:
        return self.wanted() != Wanted()

    def wanted(self) -> Wanted:
        kind, _, number = self.who.partition(":")
        return Wanted(
            doer_kind=DoerKind(kind) if kind else None,
            doer_id=int(number) if number else None,
            action=self.action,
            object_kind=self.kind,
            object_id=self.object,
            since=None if self.since is None else midnight(self.since, timezone=self.timezone),
            until=None
            if self.until is None
            else midnight(self.until + timedelta(days=1), timezone=self.timezone),
        )
