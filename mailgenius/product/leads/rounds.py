"""Puts the rows of one batch in an order that can be merged set by set. Pure functions.

Merging a batch must end as if its rows had been merged one after the other. Rows that share no identity, not
even by way of a third row, can be merged together; a row that may be about the same lead as an earlier one
goes to a later round, or, when it names exactly the identities of the last such row, is folded into it.
"""

from collections.abc import Sequence
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


def plan_rounds(rows: Sequence[NumberedLead], *, mode: Mode) -> Plan:
    """Give each row its round, in the order of the rows."""
    if all_differ(rows):
        return Plan(
            leads=[PlannedLead(n=row.n, round_no=0, lead=row.lead) for row in rows], repeats=(), excess=()
        )
    planned: list[PlannedLead] = []
    repeats: list[Repeat] = []
    excess: list[int] = []
    people = _People()
    for row in rows:
        identities = identities_of(row.lead)
        before = people.last(identities)
        if before and identities_of(planned[before[-1]].lead) == identities:
            place = before[-1]
            earlier = planned[place]
            folded = fold(earlier.lead, row.lead, mode=mode)
            repeats.append(Repeat(n=row.n, into=earlier.n, changes=folded != earlier.lead))
            planned[place] = replace(earlier, lead=folded)
            continue
        round_no = 1 + max((planned[place].round_no for place in before), default=-1)
        if round_no >= MAX_ROUNDS:
            excess.append(row.n)
            continue
        people.add(identities, len(planned))
        planned.append(PlannedLead(n=row.n, round_no=round_no, lead=row.lead))
    return Plan(leads=planned, repeats=repeats, excess=excess)


def all_differ(rows: Sequence[NumberedLead]) -> bool:
    """Say whether no identity stands in two rows, as in most batches."""
    return all(
        len(set(said)) == len(said)
        for said in (
            [row.lead.external_id for row in rows if row.lead.external_id is not None],
            [row.lead.email for row in rows if row.lead.email is not None],
            [row.lead.phone for row in rows if row.lead.phone is not None],
        )
    )


class _People:
    """Groups identities that rows have named together, and knows the last row of each group."""

    def __init__(self) -> None:
        self._parents: dict[tuple[int, str], tuple[int, str]] = {}
        self._last: dict[tuple[int, str], int] = {}

    def last(self, identities: Identities) -> list[int]:
        """Return the place of the last row of each group that the identities belong to, in order."""
        roots = {self._root(key) for key in _keys(identities)}
        return sorted(self._last[root] for root in roots if root in self._last)

    def add(self, identities: Identities, place: int) -> None:
        """Put the identities of a row, and all that were named with them, into one group."""
        roots = [self._root(key) for key in _keys(identities)]
        for root in roots:
            self._parents[root] = roots[0]
        self._last[roots[0]] = place

    def _root(self, key: tuple[int, str]) -> tuple[int, str]:
        while (parent := self._parents.get(key, key)) != key:
            self._parents[key] = self._parents.get(parent, parent)  # Halves the way for the next look.
            key = parent
        return key


def _keys(identities: Identities) -> list[tuple[int, str]]:
    return [(kind, value) for kind, value in enumerate(identities) if value is not None]


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
