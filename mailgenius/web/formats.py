"""Numbers, times and sizes as people of a locale and time zone read them.

Pure functions over Babel; templates reach them as filters, which add the locale and time zone of the page.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale as BabelLocale, dates, numbers

from mailgenius.web.i18n import N_, Locale, translations

TimeFormat = Literal["short", "medium", "long", "date", "time"]

NOTHING: Final = "–"

# The msgids are international English, so English pages show 22 Nov 2025 and a 24-hour clock.
_FORMAT_LOCALE: Final[dict[Locale, BabelLocale]] = {
    "en": BabelLocale.parse("en_GB"),
    "pt_BR": BabelLocale.parse("pt_BR"),
}
_AMERICAN: Final = BabelLocale.parse("en")
_KILO: Final = 1000
_JUST_NOW: Final = timedelta(seconds=10)


def format_number(value: float | None, locale: Locale) -> str:
    """`12,345`; fractions keep two digits at most."""
    if value is None:
        return NOTHING
    return numbers.format_decimal(value, format="#,##0.##", locale=_FORMAT_LOCALE[locale])


def format_compact(value: float | None, locale: Locale) -> str:
    """`1.2M` where space is short; small numbers stay exact."""
    if value is None:
        return NOTHING
    if abs(value) < 10 * _KILO:
        return format_number(value, locale)
    # British English abbreviates million as "m"; screens say "M" everywhere.
    name = _AMERICAN if locale == "en" else _FORMAT_LOCALE[locale]
    return numbers.format_compact_decimal(value, fraction_digits=1, locale=name)


def format_percent(ratio: float | None, locale: Locale, digits: int = 0) -> str:
    """`42%` of the ratio 0.42."""
    if ratio is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return numbers.format_percent(ratio, format=pattern, locale=_FORMAT_LOCALE[locale])


def format_datetime(
    moment: datetime | None, locale: Locale, timezone: str, form: TimeFormat = "medium"
) -> str:
    """The moment in the reader's time zone."""
    if moment is None:
        return NOTHING
    name, zone = _FORMAT_LOCALE[locale], zone_of(timezone)
    local = _aware(moment).astimezone(zone)
    date = dates.format_skeleton("yMMMd", local, locale=name)
    clock = dates.format_time(local, format="HH:mm", locale=name)
    match form:
        case "date":
            return date
        case "time":
            return clock
        case "short":
            return f"{dates.format_date(local, format='short', locale=name)} {clock}"
        case "long":
            seconds = dates.format_time(local, format="HH:mm:ss", locale=name)
            return f"{date}, {seconds} {dates.get_timezone_name(local, width='short', locale=name)}"
        case _:
            return f"{date}, {clock}"


def format_day(day: date, locale: Locale) -> str:
    """`22 Nov`: a day of a chart."""
    return dates.format_skeleton("MMMd", day, locale=_FORMAT_LOCALE[locale])


def format_ago(moment: datetime | None, locale: Locale, now: datetime) -> str:
    """`3 minutes ago`, or `in 2 hours`."""
    if moment is None:
        return NOTHING
    delta = _aware(moment) - now
    # Clocks differ by a moment: what was just saved must not lie in the future.
    if abs(delta) < _JUST_NOW:
        return translations(locale).gettext(N_("just now"))
    return dates.format_timedelta(delta, add_direction=True, locale=_FORMAT_LOCALE[locale])


def format_filesize(size: float | None, locale: Locale) -> str:
    """`1.4 MB`, in steps of a thousand."""
    if size is None:
        return NOTHING
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < _KILO:
            return f"{_one_digit(size, locale)} {unit}"
        size /= _KILO
    return f"{_one_digit(size, locale)} TB"


def format_duration(seconds: float | None, locale: Locale) -> str:
    """`2 min 5 s`: the two largest units."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 1:
        return f"{format_number(seconds, locale)} s"
    rest = round(seconds)
    parts = []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, rest = divmod(rest, length)
        if amount:
            parts.append(f"{format_number(amount, locale)} {unit}")
    return " ".join(parts[:2]) or "0 s"


@cache
def zone_of(timezone: str) -> ZoneInfo:
    """The time zone by name; a name that this machine does not know reads as UTC."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _one_digit(value: float, locale: Locale) -> str:
    return numbers.format_decimal(value, format="#,##0.#", locale=_FORMAT_LOCALE[locale])
