"""The filter of leads as options: the same for `leads list`, `leads bulk` and `leads export`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from inspect import signature
from typing import Annotated, Any

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Meant:
    """Which leads a command is about; the segment is compiled in a transaction."""

    wanted: Wanted
    segment_id: int | None


def with_lead_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Have a command take the options of the filter where it wants its parameter `meant`."""
    shown = signature(command, eval_str=True)
    options = signature(_meant, eval_str=True).parameters

    @wraps(command)
    def called(**given: Any) -> None:
        meant = _meant(**{name: given.pop(name) for name in options})
        command(meant=meant, **given)

    parameters = [
        each
        for own in shown.parameters.values()
        for each in (options.values() if own.name == "meant" else (own,))
    ]
    called.__signature__ = shown.replace(parameters=parameters)  # type: ignore[attr-defined]
    return called


def _meant(
    search: Search = "",
    tag: Tag = "",
    status: Status = None,
    field: FieldValues = None,
    segment: Segment = None,
    created_since: CreatedSince = None,
    created_until: CreatedUntil = None,
    updated_since: UpdatedSince = None,
    updated_until: UpdatedUntil = None,
) -> Meant:
    """Return what the options say. These parameters are the options."""
    wanted = Wanted(
        text=search,
        tag=tag or None,
        status=status,
        fields=dict(pair_of(each, option="--field") for each in field or ()),
        created=_span(created_since, created_until),
        updated=_span(updated_since, updated_until),
    )
    return Meant(wanted=wanted, segment_id=segment)


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
