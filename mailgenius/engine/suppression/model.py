"""Why an address is not sent to, and the rows that say so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SuppressionReason(StrEnum):
    """Why an address is suppressed, from the weakest to the strongest: a stronger one replaces a weaker."""

    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BLOCKED = "blocked"
    ERASED = "erased"
    """The person asked to be erased: only a hash is known. Never written in the list, see erasing.py."""


class IdentityKind(StrEnum):
    """What a person may be known by."""

    EMAIL = "email"
    PHONE = "phone"
    EXTERNAL_ID = "external_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One thing that a person is known by, in normal form."""

    kind: IdentityKind
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """One address that is not sent to."""

    channel: str
    address: str
    reason: SuppressionReason
    detail: str
    created_at: datetime
