"""What the list of leads is narrowed to and how it is ordered, as the address of the page says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self

from mailgenius.product.leads.model import LeadSort, LeadStatus, Span
from mailgenius.web.formats import zone_of

SPANS: Final = ("created_from", "created_to", "updated_from", "updated_to")
"""Days; the second of a pair is part of its time."""


@dataclass(frozen=True, kw_only=True)
class LeadFilters:
    """The filters as chosen. What the address says wrongly is left out, as if it were not there."""

    search: str = ""
    tag: str = ""
    status: LeadStatus | None = None
    field: str = ""
    value: str = ""
    days: Mapping[str, date | None]
    sort: LeadSort = LeadSort.NEWEST
    timezone: str

    @classmethod
    def read(cls, query: Mapping[str, str], *, timezone: str) -> Self:
        given = {name: str(query.get(name, "")).strip().replace("\0", "") for name in query}
        status, sort = given.get("status", ""), given.get("sort", "")
        return cls(
            search=given.get("search", ""),
            tag=given.get("tag", ""),
            status=LeadStatus(status) if status in set(LeadStatus) else None,
            field=given.get("field", ""),
            value=given.get("value", ""),
            days={name: _day(given.get(name, "")) for name in SPANS},
            sort=LeadSort(sort) if sort in set(LeadSort) else LeadSort.NEWEST,
            timezone=timezone,
        )

    @property
    def fields(self) -> dict[str, str]:
        return {self.field: self.value} if self.field and self.value else {}

    @property
    def created(self) -> Span:
        return self._span("created")

    @property
    def updated(self) -> Span:
        return self._span("updated")

    @property
    def beyond_basic(self) -> bool:
        """Whether more is asked for than words, a tag and a status, which is all that acts on many know."""
        return bool(self.fields) or any(self.days.values())

    @property
    def narrow(self) -> bool:
        return bool(self.search or self.tag or self.status) or self.beyond_basic

    @property
    def shown_days(self) -> dict[str, str]:
        return {name: "" if day is None else day.isoformat() for name, day in self.days.items()}

    def _span(self, name: str) -> Span:
        since, until = self.days[f"{name}_from"], self.days[f"{name}_to"]
        return Span(
            since=None if since is None else self._midnight(since),
            until=None if until is None else self._midnight(until + timedelta(days=1)),
        )

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=zone_of(self.timezone))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1 < day.year < 9999 else None  # noqa: PLR2004  # Room for any time zone and for a day more.
