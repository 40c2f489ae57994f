"""Which way round the days of a column are written, 31/01/2026 or 01/31/2026: told by its values. Pure.

One order holds for a whole column, since nobody can tell it from 05/06/2026. A value that does not fit the
order of its column costs its row, so a mixed column is noticed and not misread.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import permutations

import polars as pl

from mailgenius.product.imports.files.table import cell_name
from mailgenius.product.imports.mapping import Targets
from mailgenius.product.leads.model import FieldType, LeadField

_PARTS = r"^(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}\b"
_TWO_FIRST = r"^(\d{1,2})([/.-])(\d{1,2})([/.-]\d{4}\b)"
LAST_MONTH = 12


def is_month_first(values: pl.Series, *, usual: bool) -> bool | None:
    """Return how a column is written: month first, day first, or None when it holds no such days.

    Args:
        values: cells from its beginning.
        usual: what to believe when they fit both ways, or neither.
    """
    parts = pl.DataFrame({"text": values.str.strip_chars().str.extract_groups(_PARTS)}).unnest("text")
    numbers = parts.drop_nulls().cast(pl.Int32)
    if numbers.is_empty():
        return None
    day_first, month_first = (
        numbers.filter((pl.col(one) > LAST_MONTH) & (pl.col(other) <= LAST_MONTH)).height
        for one, other in permutations(numbers.columns)
    )
    return usual if day_first == month_first else month_first > day_first


def month_first_columns(
    rows: pl.DataFrame, columns: Sequence[str], places: Collection[int], *, usual: bool
) -> tuple[str, ...]:
    """Return the names of those columns, of the given places, whose days are written month first."""
    return tuple(
        name
        for place, name in enumerate(columns)
        if place in places and is_month_first(rows[cell_name(place)], usual=usual)
    )


def date_places(targets: Targets, typed: Mapping[str, LeadField]) -> frozenset[int]:
    """Return the places of the columns that are read as days."""
    days = {FieldType.DATE, FieldType.DATETIME}
    fields = {place for key, place in targets.fields.items() if key in typed and typed[key].type in days}
    return frozenset(fields | set(targets.places.get("consent_at", ())))


def day_first(rows: pl.DataFrame, places: Collection[int]) -> pl.DataFrame:
    """Turn the days of month-first columns around, since every rule below reads the day first."""
    return rows.with_columns(
        pl.col(cell_name(place)).str.strip_chars().str.replace(_TWO_FIRST, "${3}${2}${1}${4}")
        for place in sorted(places)
    )
