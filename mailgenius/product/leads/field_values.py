"""One written form for each value of a custom field, by the field's type. Pure functions.

Imports repeat the common cases of these rules over whole columns (`imports/cells.py`) and come here for
the rest.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from mailgenius.kit import clock
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import FieldType, LeadField

MAX_URL = 2000
_NUMBER = re.compile(r"^[-+]?[0-9]{1,15}(?:[.,][0-9]{1,10})?$", re.ASCII)
_DAY_FIRST = re.compile(
    r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$", re.ASCII
)
_BETWEEN = re.compile(r"[,;|\n]")
YES = frozenset({"true", "yes", "y", "1", "on", "sim", "s", "verdadeiro"})
NO = frozenset({"false", "no", "n", "0", "off", "não", "nao", "falso"})


def cleaned(values: Mapping[str, Any], typed: Mapping[str, LeadField]) -> tuple[dict[str, Any], list[str]]:
    """Return values with those of typed fields in normal form, and what is wrong with the others.

    Args:
        values: by field key; None clears.
        typed: the fields that are not plain texts.
    """
    clean: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in values.items():
        field = typed.get(key)
        try:
            if field is not None and value is not None:
                clean[key] = in_form(field, value)
            elif isinstance(value, list):
                problems.append(f"the field “{key}” takes one value, not a list")
            else:
                clean[key] = value
        except ValueError as error:
            problems.append(str(error))
    return clean, problems


def in_form(field: LeadField, value: Any) -> Any:
    """Return a value as it is stored; None when there is nothing in it.

    Raises:
        ValueError: it does not fit the type; the message says so to a person.
    """
    if isinstance(value, str):
        value = normalise.text(value)
        if not value:
            return None
    found = RULES[field.type](field, value)
    if found is None:
        shown = normalise.shown(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        raise ValueError(f"“{shown}” does not fit “{field.label}”: {_wanted(field)}")
    return found if found != [] else None


def stored_forms(field: LeadField, value: str) -> list[Any]:
    """Return the forms in which a value may be stored: one of many, or in a text field also as a number.

    Raises:
        ValueError: it does not fit the type; the message says so to a person.
    """
    stored = in_form(field, value)
    if field.type is FieldType.CHOICES:
        return [[each] for each in stored or []]
    number = number_of(value) if field.type is FieldType.TEXT else None
    return [stored] if number is None else [stored, number]


def _wanted(field: LeadField) -> str:
    if field.type in {FieldType.CHOICE, FieldType.CHOICES}:
        return f"choose from “{normalise.shown(', '.join(field.choices))}”"
    return WANTED[field.type]


def _text(_: LeadField, value: Any) -> Any:
    return None if isinstance(value, list) else value


def number_of(value: str) -> int | float | None:
    """Return the number that a text says, if it is one."""
    return _number(None, value)


def _number(_: LeadField | None, value: Any) -> int | float | None:
    if isinstance(value, str) and _NUMBER.match(value):
        whole, _point, part = value.replace(",", ".").partition(".")
        value = float(f"{whole}.{part}") if part.strip("0") else int(whole)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or abs(value) >= 1e15:  # noqa: PLR2004  # What a double holds exactly.
        return None
    return value


def _date(_: LeadField, value: Any) -> str | None:
    moment = _moment_of(value)
    return None if moment is None else moment.date().isoformat()


def _datetime(_: LeadField, value: Any) -> str | None:
    moment = _moment_of(value)
    if moment is None:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _moment_of(value: Any) -> datetime | None:
    """Read ISO 8601, or day, month and year as they are written in Brazil and in most of the world."""
    if not isinstance(value, str):
        return None
    try:
        if found := _DAY_FIRST.match(value):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # Its zone is not said.
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if clock.within_reach(moment) else None


def _boolean(_: LeadField, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).lower() if isinstance(value, str | int) else ""
    return True if word in YES else False if word in NO else None


def _choice(field: LeadField, value: Any) -> str | None:
    wanted = str(value).casefold() if isinstance(value, str | int | float) else ""
    return next((choice for choice in field.choices if choice.casefold() == wanted), None)


def _choices(field: LeadField, value: Any) -> list[str] | None:
    given = value if isinstance(value, list) else _BETWEEN.split(str(value))
    found = [_choice(field, each.strip() if isinstance(each, str) else each) for each in given if each != ""]
    if None in found:
        return None
    return [choice for choice in field.choices if choice in found]


def _url(_: LeadField, value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_URL or any(character.isspace() for character in value):
        return None
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return None
    return value if parts.scheme.lower() in {"http", "https"} and "." in host.strip(".") else None


RULES: dict[FieldType, Callable[[LeadField, Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.BOOLEAN: _boolean,
    FieldType.CHOICE: _choice,
    FieldType.CHOICES: _choices,
    FieldType.URL: _url,
}
WANTED = {
    FieldType.TEXT: "write one text",
    FieldType.NUMBER: "write a number such as 12 or 12.5",
    FieldType.DATE: "write a date such as 2026-01-31",
    FieldType.DATETIME: "write a date and a time such as 2026-01-31T12:00",
    FieldType.BOOLEAN: "write yes or no",
    FieldType.URL: "write an address such as https://example.com",
}
