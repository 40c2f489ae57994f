"""Days that somebody chooses as the ends of a span."""

from datetime import date, datetime

from mailgenius.kit import clock
from mailgenius.web.formats import zone_of


def day_of(text: str) -> date | None:
    """Return the day that an address or a form names; None when it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if clock.within_reach(day) else None


def midnight(day: date, *, timezone: str) -> datetime:
    """Return the moment at which a day begins there."""
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(timezone))
