"""A sender domain, its keys, and what the DNS says of them. A private key is never part of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailgenius.channels.email.dkim_keys import DkimAlgorithm, in_strings, record_of

RECORD_STAYS = timedelta(days=7)
"""How long the record of a retired key is still needed: for messages that are on their way."""


class KeyState(StrEnum):
    """What a key is used for."""

    WAITING = "waiting"
    """Its record has to be published."""
    SIGNING = "signing"
    """Its record was seen. It signs when the domain signs."""
    RETIRED = "retired"
    """Another took its place. Its private half is forgotten."""


class Finding(StrEnum):
    """What the DNS says where a record should be."""

    UNCHECKED = "unchecked"
    GOOD = "good"
    WEAK = "weak"
    """It is there, and lets everybody in."""
    MISSING = "missing"
    SEVERAL = "several"
    """More than one, of which receivers take none."""
    DIFFERENT = "different"
    """It carries another key."""
    BROKEN = "broken"
    UNANSWERED = "unanswered"
    """No server answered: nothing is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DkimKey:
    """One key of a domain, without its private half."""

    domain_id: int
    selector: str
    algorithm: DkimAlgorithm
    public_key: str
    state: KeyState
    found: Finding
    created_at: datetime
    retired_at: datetime | None

    @property
    def record(self) -> str:
        """The text of its TXT record."""
        return record_of(self.algorithm, self.public_key)

    @property
    def zone_text(self) -> str:
        """The same for a zone file, in strings of the length that it allows."""
        return in_strings(self.record)

    @property
    def record_until(self) -> datetime | None:
        """When the record of a retired key is no longer needed."""
        return self.retired_at + RECORD_STAYS if self.retired_at else None

    def record_name(self, domain: str) -> str:
        return f"{self.selector}._domainkey.{domain}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderDomain:
    """A domain that messages are sent from."""

    id: int
    domain: str
    signing: bool
    spf: Finding
    spf_record: str
    dmarc: Finding
    dmarc_record: str
    checked_at: datetime | None
    created_at: datetime
    keys: list[DkimKey] = field(default_factory=list)
    """The newest first."""

    def keys_in(self, *states: KeyState) -> list[DkimKey]:
        return [key for key in self.keys if key.state in states]

    @property
    def ready(self) -> bool:
        """Whether it could sign."""
        return bool(self.keys_in(KeyState.SIGNING))

    @property
    def rotating(self) -> bool:
        """Whether a new key is to take the place of one that signs."""
        return self.ready and bool(self.keys_in(KeyState.WAITING))

    @property
    def algorithms(self) -> list[DkimAlgorithm]:
        """What it signs with, or would."""
        kinds = {key.algorithm for key in self.keys_in(KeyState.WAITING, KeyState.SIGNING)}
        return [each for each in DkimAlgorithm if each in kinds]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A record that was looked for, and what stood there."""

    finding: Finding
    record: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What the DNS said of a domain at one time."""

    keys: Mapping[str, Finding]
    """By selector."""
    spf: Found
    dmarc: Found
