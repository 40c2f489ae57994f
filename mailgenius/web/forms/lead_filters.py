"""What the list of leads is narrowed to and how it is ordered, as the address of the page says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import LeadSort, LeadStatus, Span
from mailgenius.web.forms.days import day_of, midnight

NAMES: Final = (
    "search",
    "tag",
    "status",
    "field",
    "value",
    "created_from",
    "created_to",
    "updated_from",
    "updated_to",
    "segment",
    "sort",
)
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
    segment: int | None = None
    sort: LeadSort = LeadSort.NEWEST
    timezone: str

    @classmethod
    def read(cls, query: Mapping[str, str], *, timezone: str) -> Self:
        given = {name: str(query.get(name, "")).strip().replace("\0", "") for name in NAMES}
        status, sort, segment = given["status"], given["sort"], given["segment"]
        return cls(
            search=given["search"],
            tag=given["tag"],
            status=LeadStatus(status) if status in set(LeadStatus) else None,
            field=given["field"],
            value=given["value"],
            days={name: day_of(given[name]) for name in SPANS},
            segment=int(segment) if segment.isdecimal() and len(segment) < 19 else None,  # noqa: PLR2004  # bigint
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

    def wanted(self) -> Wanted:
        """The leads that the list shows; its segment is compiled beside it."""
        return Wanted(
            text=self.search,
            tag=self.tag or None,
            status=self.status,
            fields=self.fields,
            created=self.created,
            updated=self.updated,
        )

    def kept(self) -> list[tuple[str, str]]:
        """What forms and addresses carry along so that the same leads are meant."""
        chosen = {
            "search": self.search,
            "tag": self.tag,
            "status": self.status.value if self.status else "",
            "field": self.field if self.value else "",
            "value": self.value if self.field else "",
            **self.shown_days,
            "segment": str(self.segment or ""),
        }
        return [(name, value) for name, value in chosen.items() if value]

    @property
    def beyond_basic(self) -> bool:
        """Whether more is asked for than words, a tag and a status."""
        return bool(self.fields) or any(self.days.values()) or self.segment is not None

    @property
    def narrow(self) -> bool:
        return bool(self.search or self.tag or self.status) or self.beyond_basic

    @property
    def shown_days(self) -> dict[str, str]:
        return {name: "" if day is None else day.isoformat() for name, day in self.days.items()}

    def _span(self, name: str) -> Span:
        since, until = self.days[f"{name}_from"], self.days[f"{name}_to"]
        return Span(
            since=None if since is None else midnight(since, timezone=self.timezone),
            until=None if until is None else midnight(until + timedelta(days=1), timezone=self.timezone),
        )
