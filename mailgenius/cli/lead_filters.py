"""The filter of leads as options: the same for `leads list`, `leads bulk` and `leads export`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailgenius.kit.errors import invalid
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import LeadStatus, Span

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

Search = Annotated[str, typer.Option(help="Words or beginnings: of e-mail, name, phone, external id.")]
Tag = Annotated[str, typer.Option(help="Only leads with this tag.")]
Status = Annotated[LeadStatus | None, typer.Option(help="Only leads in this status.")]
FieldValues = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="KEY=VALUE", help="Only leads with this value of a field; repeat it."),
]
Segment = Annotated[int | None, typer.Option(help="Only members of the segment with this id.")]
CreatedSince = Annotated[datetime | None, typer.Option(formats=MOMENTS, help="Only added since, in UTC.")]
CreatedUntil = Annotated[datetime | None, typer.Option(formats=MOMENTS, help="Only added before, in UTC.")]
UpdatedSince = Annotated[datetime | None, typer.Option(formats=MOMENTS, help="Only changed since, in UTC.")]
UpdatedUntil = Annotated[
    datetime | None, typer.Option(formats=MOMENTS, help="Only last changed before, in UTC.")
]


def wanted_of(
    *,
    search: str,
    tag: str,
    status: LeadStatus | None,
    fields: Sequence[str] | None,
    created: tuple[datetime | None, datetime | None],
    updated: tuple[datetime | None, datetime | None],
) -> Wanted:
    """Return the filter that the options say; a segment is compiled beside it."""
    return Wanted(
        text=search,
        tag=tag or None,
        status=status,
        fields=dict(pair_of(each, option="--field") for each in fields or ()),
        created=_span(*created),
        updated=_span(*updated),
    )


def pair_of(text: str, *, option: str) -> tuple[str, str]:
    """Read KEY=VALUE."""
    key, sign, value = text.partition("=")
    if not sign:
        raise invalid(option, f"{text}: write it as KEY=VALUE")
    return key.strip(), value.strip()


def _span(since: datetime | None, until: datetime | None) -> Span:
    return Span(since=_in_utc(since), until=_in_utc(until))


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
