"""The values of conditions: each shape is read strictly, or refused with words. Pure functions."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from mailgenius.product.leads import normalise
from mailgenius.product.segments.tree import MAX_DAYS, MAX_TEXT, MAX_VALUES, Shape, Value, ValueCondition

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
LARGEST_NUMBER = Decimal(10) ** 18


class BadValue(Exception):
    """A value does not have the shape that its operator needs; `place` says where inside it."""

    def __init__(self, message: str, place: str = "") -> None:
        self.message = message
        self.place = place
        super().__init__(message)


def read(raw: Any, shape: Shape) -> Value:
    """Return the value of an operator.

    Raises:
        BadValue: it has another shape.
    """
    return READERS[shape](raw)


def shown(text: str) -> str:
    return normalise.shown(text)


def text(raw: Any, place: str = "") -> str:
    if not isinstance(raw, str):
        raise BadValue("must be a text", place)
    if not raw.strip() or len(raw) > MAX_TEXT:
        raise BadValue(f"must have 1 to {MAX_TEXT} characters", place)
    if "\0" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
        raise BadValue("must not hold characters that cannot be stored", place)
    return raw.strip()


def texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise BadValue("must be a list with at least one value")
    if len(raw) > MAX_VALUES:
        raise BadValue(f"must hold at most {MAX_VALUES} values")
    return tuple(dict.fromkeys(text(each, f"[{place}]") for place, each in enumerate(raw)))


def identifier(raw: Any) -> int | None:
    """Return an id as it stands in JSON, or None when it is none."""
    return int(raw) if isinstance(raw, str) and _ID.fullmatch(raw) else None


def identity_condition(condition: ValueCondition) -> ValueCondition:
    """Bring a whole phone number into the form in which it is stored; a part of one stays as it is."""
    if condition.key != "phone" or condition.op not in {"is", "is_not", "in", "not_in"}:
        return condition
    if isinstance(condition.value, tuple):
        return replace(condition, value=tuple(_phone(str(each)) for each in condition.value))
    return replace(condition, value=_phone(str(condition.value)))


def _phone(given: str) -> str:
    try:
        return normalise.phone(given)
    except ValueError:
        return given  # No lead has it, which is the right answer.


def _nothing(raw: Any) -> Value:
    if raw is not None:
        raise BadValue("must be absent: this asks nothing more")
    return None


def _number(raw: Any, place: str = "") -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadValue("must be a number", place)
    found = Decimal(repr(raw))
    if not found.is_finite() or abs(found) > LARGEST_NUMBER:
        raise BadValue("must be a number of at most 18 digits", place)
    return found


def _numbers(raw: Any) -> Value:
    low, high = _pair(raw, _number)
    return _in_order(low, high)


def _date(raw: Any, place: str = "") -> date:
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError as error:
            raise BadValue("must be a day that exists", place) from error
    raise BadValue("must be a date such as 2026-01-31", place)


def _dates(raw: Any) -> Value:
    low, high = _pair(raw, _date)
    return _in_order(low, high)


def _pair(raw: Any, reader: Callable[[Any, str], Any]) -> tuple[Any, Any]:
    if not isinstance(raw, list) or len(raw) != 2:  # noqa: PLR2004  # From and to.
        raise BadValue("must be a list of two: from and to")
    return reader(raw[0], "[0]"), reader(raw[1], "[1]")


def _in_order(low: Any, high: Any) -> Value:
    if low > high:
        raise BadValue("must not end before it begins")
    return (low, high)


def _days(raw: Any) -> int:
    return _whole(raw, 0, MAX_DAYS)


def _month(raw: Any) -> int:
    return _whole(raw, 1, 12)


def _whole(raw: Any, low: int, high: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        raise BadValue(f"must be a whole number from {low} to {high}")
    return raw


def _yes_no(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise BadValue("must be true or false")
    return raw


READERS: dict[Shape, Callable[[Any], Value]] = {
    Shape.NOTHING: _nothing,
    Shape.TEXT: text,
    Shape.TEXTS: texts,
    Shape.NUMBER: _number,
    Shape.NUMBERS: _numbers,
    Shape.DATE: _date,
    Shape.DATES: _dates,
    Shape.DAYS: _days,
    Shape.MONTH: _month,
    Shape.YES_NO: _yes_no,
}
