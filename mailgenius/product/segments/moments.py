"""Days and moments as the statements of segments name them. Pure functions; no SQL."""

from calendar import isleap
from datetime import date, datetime, timedelta

LEAP_DAY = "0229"
MESSAGE_EPOCH = 1_704_067_200_000
"""Where the time in the ids of messages begins: 2024, in milliseconds."""
CLOCK_MARGIN = timedelta(minutes=5)
"""Messages are dated by the database's clock, orders too; a little room costs nothing."""


def days_of_year(today: date, days: int) -> list[str]:
    """The days from today on, as month and day: 0131 is 31 January. 29 February may be the 28th."""
    coming = [today + timedelta(days=ahead) for ahead in range(min(days, 366) + 1)]
    found = dict.fromkeys(f"{day:%m%d}" for day in coming)
    if any((day.month, day.day) == (2, 28) and not isleap(day.year) for day in coming):
        found[LEAP_DAY] = None
    return list(found)


def message_id_at(moment: datetime) -> int:
    """The smallest id that a message of this moment can have, as the database's function of this name."""
    return max(0, int(moment.timestamp() * 1000) - MESSAGE_EPOCH) << 22
