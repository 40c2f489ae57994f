"""Two leads of one person as one: what differs, whose value stays, which status holds. No I/O.

How their rows and their histories come together is in `service/joining.py` and, above, in `product/joins`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mailgenius.kit.errors import Invalid, Problem
from mailgenius.product.leads.model import Lead, LeadStatus

PROPERTIES = ("email", "phone", "external_id", "name")
"""What only one of two leads can give; custom fields beside them are named `fields.<key>`."""
FIELD = "fields."
STRICTNESS = (
    LeadStatus.ACTIVE,
    LeadStatus.BOUNCED,
    LeadStatus.UNSUBSCRIBED,
    LeadStatus.COMPLAINED,
    LeadStatus.BLOCKED,
)
"""From the most lenient to the strictest: of two leads the stricter status stays."""
OF_THE_PERSON = frozenset({LeadStatus.UNSUBSCRIBED, LeadStatus.COMPLAINED, LeadStatus.BLOCKED})
"""Said of the person and not of an address: nothing that reaches them is written to any more."""


class Side(StrEnum):
    """Which of two leads."""

    KEPT = "kept"
    OTHER = "other"


Choices = Mapping[str, Side]
"""Whose value stays, by property. Where only one lead has a value it stays, whatever is chosen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two leads: the one that is kept, and the one that goes into it."""

    kept: Lead
    other: Lead


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A property that both leads have, and not alike."""

    name: str
    kept: Any
    other: Any


def differences(pair: Pair) -> list[Difference]:
    """Return what somebody has to choose between, identities and name first, then fields by key."""
    found = []
    for name in [*PROPERTIES, *_field_names(pair)]:
        kept, other = _value(pair.kept, name), _value(pair.other, name)
        if not _is_empty(kept) and not _is_empty(other) and kept != other:
            found.append(Difference(name=name, kept=kept, other=other))
    return found


def as_one(pair: Pair, choices: Choices) -> Lead:
    """Return the lead that the two make: values as chosen, tags united, the stricter status.

    Its id and its day of creation are those of the kept lead; its consent is the business of the ledger.

    Raises:
        Invalid: a choice is about something that neither lead has.
    """
    known = {*PROPERTIES, *_field_names(pair)}
    if unknown := sorted(choices.keys() - known):
        raise Invalid(problems=[Problem(f"choices.{name}", "is nothing of these leads") for name in unknown])
    values = {name: _chosen(pair, name, choices.get(name, Side.KEPT)) for name in known}
    fields = {name.removeprefix(FIELD): values[name] for name in sorted(values) if name.startswith(FIELD)}
    return replace(
        pair.kept,
        email=values["email"],
        phone=values["phone"],
        external_id=values["external_id"],
        name=values["name"],
        status=max(pair.kept.status, pair.other.status, key=STRICTNESS.index),
        tags=tuple(dict.fromkeys([*pair.kept.tags, *pair.other.tags])),
        fields=fields,
    )


def left_behind(pair: Pair, lead: Lead) -> dict[str, Any]:
    """Return the values that the one lead does not have any more, by property, for its activity."""
    lost = {}
    for each in differences(pair):
        stays = _value(lead, each.name)
        lost[each.name] = each.other if stays == each.kept else each.kept
    return lost


def _field_names(pair: Pair) -> Sequence[str]:
    return [f"{FIELD}{key}" for key in sorted({*pair.kept.fields, *pair.other.fields})]


def _chosen(pair: Pair, name: str, side: Side) -> Any:
    first, second = (pair.kept, pair.other) if side is Side.KEPT else (pair.other, pair.kept)
    value = _value(first, name)
    return _value(second, name) if _is_empty(value) else value


def _value(lead: Lead, name: str) -> Any:
    if name.startswith(FIELD):
        return lead.fields.get(name.removeprefix(FIELD))
    return getattr(lead, name)


def _is_empty(value: Any) -> bool:
    return value in (None, "", [])
