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


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """One address that is not sent to."""

    channel: str
    address: str
    reason: SuppressionReason
    detail: str
    created_at: datetime
