"""Puts the rows of one batch in an order that can be merged set by set. Pure functions.

Merging a batch must end as if its rows had been merged one after the other. Rows that share no identity can
be merged together; a row that shares one with an earlier row goes to a later round, or, when it says exactly
the same identities as the last row that did, is folded into that row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailgenius.product.leads.model import LeadInput, Mode

MAX_ROUNDS = 200
"""One identity in more rows than this, each with other identities beside it, is a mistake and not a list."""

Identities = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberedLead:
    """A lead in normal form and its place: index in a batch, or line of a file."""

    n: int
    lead: LeadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedLead:
    n: int
    round_no: int
    lead: LeadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """A row that was folded into an earlier one."""

    n: int
    into: int
    changes: bool
    """Whether it said anything new."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to merge in which round, what was folded, and what is too much."""

    leads: Sequence[PlannedLead]
    repeats: Sequence[Repeat]
    excess: Sequence[int]

    @property
    def sizes(self) -> list[int]:
        """How many rows each round has."""
        sizes = [0] * (1 + max((planned.round_no for planned in self.leads), default=-1))
        for planned in self.leads:
            sizes[planned.round_no] += 1
        return sizes


def plan_rounds(rows: Iterable[NumberedLead], *, mode: Mode) -> Plan:
    """Give each row its round, in the order of the rows."""
    planned: list[PlannedLead] = []
    repeats: list[Repeat] = []
    excess: list[int] = []
    last: dict[tuple[int, str], int] = {}  # (kind, identity) -> place in `planned` of the last row with it
    for row in rows:
        identities = identities_of(row.lead)
        keys = [(kind, value) for kind, value in enumerate(identities) if value is not None]
        before = {last[key] for key in keys if key in last}
        if len(before) == 1:
            (place,) = before
            earlier = planned[place]
            if identities_of(earlier.lead) == identities:
                folded = fold(earlier.lead, row.lead, mode=mode)
                repeats.append(Repeat(n=row.n, into=earlier.n, changes=folded != earlier.lead))
                planned[place] = replace(earlier, lead=folded)
                continue
        round_no = 1 + max((planned[place].round_no for place in before), default=-1)
        if round_no >= MAX_ROUNDS:
            excess.append(row.n)
            continue
        last.update(dict.fromkeys(keys, len(planned)))
        planned.append(PlannedLead(n=row.n, round_no=round_no, lead=row.lead))
    return Plan(leads=planned, repeats=repeats, excess=excess)


def identities_of(lead: LeadInput) -> Identities:
    return (lead.external_id, lead.email, lead.phone)


def fold(first: LeadInput, then: LeadInput, *, mode: Mode) -> LeadInput:
    """Return one input that does what the two do one after the other, to one lead."""
    if mode is Mode.KEEP:
        return first
    if first.tags is None or then.tags is None:
        tags = first.tags if then.tags is None else then.tags
    elif mode is Mode.OVERWRITE:
        tags = then.tags
    else:
        tags = tuple(dict.fromkeys(first.tags + then.tags))
    stays = first.status is not None and first.status != "active"
    return replace(
        first,
        name=first.name if then.name is None else then.name,
        status=first.status if stays or then.status is None else then.status,
        tags=tags,
        fields={**(first.fields or {}), **(then.fields or {})},
        consent_at=then.consent_at or first.consent_at,
        consent_source=first.consent_source if then.consent_source is None else then.consent_source,
    )
