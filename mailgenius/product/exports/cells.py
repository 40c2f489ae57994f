"""What a value of a lead looks like in a file. Pure functions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from mailgenius.product.exports.model import BASE_COLUMNS, FIELD

BETWEEN = ";"
"""Between tags, and between several choices."""

Row = tuple[Any, ...]
"""The parts of a lead in the order of BASE_COLUMNS, then its custom fields as one object."""


def header_of(column: str) -> str:
    """Return a column's name in the file: fields by their key, as an import guesses them."""
    return column.removeprefix(FIELD)


def text_of(value: Any) -> str:
    """Return a value as an import reads it again."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return BETWEEN.join(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def reader_of(columns: Sequence[str]) -> Callable[[Row], list[str]]:
    """Return what turns a row into its cells."""
    fields = len(BASE_COLUMNS)
    places = [
        (fields, column.removeprefix(FIELD))
        if column.startswith(FIELD)
        else (BASE_COLUMNS.index(column), None)
        for column in columns
    ]

    def read(row: Row) -> list[str]:
        return [text_of(row[place] if key is None else row[place].get(key)) for place, key in places]

    return read
