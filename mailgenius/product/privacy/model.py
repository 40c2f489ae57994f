"""Rows and commands of privacy: who is meant, what was erased, what is kept for how long. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mailgenius.engine.suppression.model import Identity, IdentityKind
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import Lead
from mailgenius.product.privacy.patterns import pattern_of

USUAL_DATA_DAYS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What somebody says a person is known by. At least one thing is said."""

    lead_id: int | None = None
    email: str = ""
    phone: str = ""
    external_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A person as far as they are known here: by their lead, and by what was said of them."""

    lead: Lead | None
    identities: tuple[Identity, ...]

    @property
    def name(self) -> str:
        """What has to be typed back: the strongest of the identities."""
        return self.identities[0].value

    def of(self, kind: IdentityKind) -> list[str]:
        return [each.value for each in self.identities if each.kind is kind]

    @property
    def emails(self) -> list[str]:
        return self.of(IdentityKind.EMAIL)

    @property
    def phones(self) -> list[str]:
        return self.of(IdentityKind.PHONE)

    @property
    def patterns(self) -> list[str]:
        """What finds the identities in texts that others wrote."""
        return [pattern_of(each) for each in self.identities]

    @property
    def lead_ids(self) -> list[int]:
        return [] if self.lead is None else [self.lead.id]


def identities_of(person: Person, lead: Lead | None) -> tuple[Identity, ...]:
    """Return everything that a person is known by, in normal form, each once, e-mails first.

    Raises:
        ValueError: an address or a number is none; the message says so to a person.
    """
    found: dict[Identity, None] = {}

    def add(kind: IdentityKind, *values: str | None) -> None:
        found.update(dict.fromkeys(Identity(kind=kind, value=value) for value in values if value))

    add(
        IdentityKind.EMAIL,
        lead.email if lead else None,
        normalise.email(person.email) if person.email else None,
    )
    if lead and lead.phone:
        # As it is stored, and as it would come in today: leads from before the ninth digit exist.
        add(IdentityKind.PHONE, normalise.phone(lead.phone), lead.phone)
    add(IdentityKind.PHONE, normalise.phone(person.phone) if person.phone else None)
    given = normalise.line(person.external_id, limit=normalise.MAX_EXTERNAL_ID)
    add(IdentityKind.EXTERNAL_ID, lead.external_id if lead else None, given)
    return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """One person who was erased: when, and how much of what there was. Nothing of the person."""

    id: int
    counts: dict[str, int]
    erased_by: int | None
    erased_at: datetime
    allowed_by: int | None
    allowed_at: datetime | None
    segment_ids: tuple[int, ...] = ()
    """Segments that name the person still, and are people's to change. Told once, not kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedAt:
    """Some messages that were looked at; `last_id` is None when there were no more."""

    last_id: int | None
    message_ids: list[int]


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long a workspace keeps what. None is for ever."""

    tracking_months: int | None = None
    """Each open and click with its browser. The counts stay."""
    data_days: int = USUAL_DATA_DAYS
    """The values of messages by API, after their end."""
    attempts_days: int | None = None
    """What servers answered to each attempt: it often names the address."""
    files_days: int | None = None
    """Rejected rows of imports, and files of exports."""
    inactive_months: int | None = None
    """Leads of whom nothing was heard for so long are removed with everything about them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Everything:
    """All that is known of a person, by kind; each row is plain JSON values."""

    lead: dict[str, Any] | None
    parts: dict[str, Sequence[dict[str, Any]]]
