"""The filters of customers' templates. Each bounds what it returns; none reaches outside its arguments."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

LONGEST_RESULT = 100_000
"""Characters that one filter may return."""


class FilterRefused(ValueError):
    """Why a filter gives nothing; the words complete the sentence "line 3 of the template: …"."""


def default(value: Any, fallback: Any = "", *_: Any) -> Any:
    """Return the fallback for what is missing or empty: an empty field is as good as none to a reader."""
    return fallback if value is None or value in ("", []) else value


def join(values: Any, glue: str = ", ", *_: Any) -> str:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return text_of(values)
    parts = [text_of(value) for value in values]
    if sum(map(len, parts)) + len(glue) * len(parts) > LONGEST_RESULT:
        raise FilterRefused("what |join makes is too long")
    return text_of(glue).join(parts)


def replace(value: Any, old: str, new: str) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    if len(text) + text.count(old) * len(new) > LONGEST_RESULT:
        raise FilterRefused("what |replace makes is too long")
    return text.replace(old, new)


def truncate(value: Any, length: int = 255, end: str = "…", *_: Any) -> str:
    """Cut after `length` characters, at a space when there is one in the last quarter."""
    text = text_of(value)
    if len(text) <= length:
        return text
    cut = text[: max(length - len(end), 0)]
    space = cut.rfind(" ", len(cut) * 3 // 4)
    return (cut[:space] if space > 0 else cut) + end


def urlencode(value: Any) -> str:
    """Escape a value for use inside an address."""
    text = text_of(value)
    if len(text) * 3 > LONGEST_RESULT:
        raise FilterRefused("what |urlencode makes is too long")
    return quote(text, safe="")


def times(value: Any, factor: Any) -> Any:
    """Multiply two numbers. The operator is not offered, because it also repeats texts."""
    numbers = [_number(value), _number(factor)]
    return numbers[0] * numbers[1]


def format_date(value: Any, pattern: str = "%d/%m/%Y") -> str:
    """Write an ISO date or moment with the usual `%d/%m/%Y` letters; nothing for what is not a date."""
    moment = _moment(value)
    if moment is None:
        return ""
    return moment.strftime(text_of(pattern)[:100])


def text_of(value: Any) -> str:
    """Return how a value is printed: nothing for what is missing, lists with commas, never an object."""
    if isinstance(value, str):
        return value
    if value is None or not isinstance(value, int | float | list | tuple):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join([text_of(each) for each in value])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  # beyond it, exponents
        return str(int(value))
    return str(value)


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if not isinstance(value, int | float) or abs(value) > 1e15:  # noqa: PLR2004  # more is no price and no count
        raise FilterRefused("|times needs two numbers")
    return value


def _moment(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if 0 <= value < 1e11 else None  # noqa: PLR2004  # year 5138
    try:
        return datetime.fromisoformat(text_of(value))
    except ValueError:
        return None


def _bounded(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a wrong use of a filter, such as a missing argument, into a sentence about the template."""

    @wraps(work)
    def apply(*arguments: Any, **options: Any) -> Any:
        try:
            return work(*arguments, **options)
        except FilterRefused:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise FilterRefused(f"|{name} cannot be used like this") from error

    return apply


_WORK: dict[str, Callable[..., Any]] = {
    "default": default,
    "d": default,
    "join": join,
    "replace": replace,
    "truncate": truncate,
    "urlencode": urlencode,
    "times": times,
    "date": format_date,
}
OWN = {name: _bounded(name, work) for name, work in _WORK.items()}
NATIVE = frozenset(
    [
        "upper",
        "lower",
        "title",
        "capitalize",
        "trim",
        "length",
        "count",
        "first",
        "last",
        "round",
        "int",
        "float",
        "abs",
        "sort",
        "unique",
        "items",
    ]
)
"""Filters of MiniJinja that cannot return more than they are given."""
FILTERS = NATIVE | OWN.keys()
