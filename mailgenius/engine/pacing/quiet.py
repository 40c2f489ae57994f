"""Quiet hours by the recipient's own clock: whose time zone is which, and how long to leave them in peace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

UNKNOWN_ZONE = "Etc/Unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """A workspace's quiet hours and frequency cap."""

    quiet_from: time | None = None
    quiet_to: time | None = None
    cap_count: int | None = None
    cap_days: int = 7
    urgent_too: bool = False
    timezone: str = "America/Sao_Paulo"

    @property
    def any(self) -> bool:
        return self.quiet_from is not None or self.cap_count is not None

    def quiet_for(self, lead: Mapping[str, Any], *, now: datetime) -> timedelta | None:
        """Return how long a person must be left in peace; None when they may be written to now."""
        if self.quiet_from is None or self.quiet_to is None or self.quiet_from == self.quiet_to:
            return None
        local = now.astimezone(zone_of(lead, otherwise=self.timezone))
        clock = local.time()
        if self.quiet_from < self.quiet_to:
            quiet = self.quiet_from <= clock < self.quiet_to
        else:
            quiet = clock >= self.quiet_from or clock < self.quiet_to
        if not quiet:
            return None
        end = datetime.combine(local.date(), self.quiet_to, tzinfo=local.tzinfo)
        if end <= local:
            end = datetime.combine(local.date() + timedelta(days=1), self.quiet_to, tzinfo=local.tzinfo)
        # Two moments of one zone subtract by the clock on the wall; the wait is time that passes.
        return end.astimezone(now.tzinfo) - now


def zone_of(lead: Mapping[str, Any], *, otherwise: str) -> ZoneInfo:
    """Return a person's time zone: as their field says, else as their phone tells, else the given one."""
    said = _known((lead.get("fields") or {}).get("timezone"))
    if said is None:
        told = _of_phone(str(lead.get("phone") or ""))
        # A country with several zones, when the number does not say more: ours if it is one of them.
        said = otherwise if otherwise in told or not told else told[-1]
    return ZoneInfo(_known(said) or "UTC")


@lru_cache(maxsize=4096)
def _known(name: object) -> str | None:
    return name if isinstance(name, str) and name in _zones() else None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=65536)
def _of_phone(phone: str) -> tuple[str, ...]:
    """Return the zones of a number's country or area; none when the number says nothing."""
    if not phone:
        return ()
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return ()
    return tuple(name for name in time_zones_for_number(number) if _known(name) and name != UNKNOWN_ZONE)
