"""Settles cells: brings one column into normal form, or says what is wrong with each cell.

The rules are those of `leads/normalise.py`. Most cells are settled by an expression over the column; the
others go through the rule itself, each distinct value once. A test compares both ways on hostile input.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from mailgenius.kit import clock
from mailgenius.product.imports.mapping import STATUSES, slug
from mailgenius.product.leads import field_values, normalise
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.leads.staged_rows import array_literal as array_literal

# Characters that every rule leaves as they are: printable ASCII, precomposed Latin letters, Cyrillic.
_PLAIN = "\u00a1-\u00ac\u00ae-\u024f\u0400-\u0481‘’“”–—…"
_PLAIN_LINE = f"^[!-~{_PLAIN}]+(?: [!-~{_PLAIN}]+)*$"
_PLAIN_TEXT = f"^[ !#-\\[\\]-~{_PLAIN}]*$"  # Without quote and backslash, which JSON escapes.
_TAG_BREAKS = re.compile(r"[,;|\n]")
_BRAZILIAN_TIME = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$")

Quick = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A column in normal form, and what is wrong with its cells where something is."""

    values: pl.Series
    problems: pl.Series | None = None


def _settle(raw: pl.Series, quick: Quick, rule: normalise.TextRule) -> Settled:
    """Bring a column into normal form: empty cells become null, bad ones null with a problem."""
    cells = raw.str.strip_chars()
    values = quick(cells)
    open_cells = cells.filter(values.is_null() & (cells != "")).unique()
    if not open_cells.len():
        return Settled(values=values)
    answers: dict[str, str | None] = {}
    problems: dict[str, str] = {}
    for cell in open_cells:
        if not cell.strip():
            continue  # Of separators of old machines only, which no column expression counts as blanks.
        try:
            answers[cell] = rule(cell) or None
        except ValueError as error:
            problems[cell] = str(error)
    values = pl.select(pl.coalesce(values, _looked_up(cells, answers))).to_series()
    return Settled(values=values, problems=_looked_up(cells, problems) if problems else None)


def _looked_up(cells: pl.Series, table: dict[str, Any]) -> pl.Series:
    if not table:
        return pl.Series([None] * cells.len(), dtype=pl.String)
    return cells.replace_strict(
        pl.Series(list(table), dtype=pl.String),
        pl.Series(list(table.values()), dtype=pl.String),
        default=None,
        return_dtype=pl.String,
    )


def _where(condition: pl.Expr, value: pl.Expr) -> pl.Series:
    return pl.select(pl.when(condition).then(value)).to_series()


def nothing(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def emails(raw: pl.Series) -> Settled:
    def quick(cells: pl.Series) -> pl.Series:
        lower = cells.str.to_lowercase()
        at = pl.lit(lower).str.find("@", literal=True)
        fits = (pl.lit(lower).str.len_bytes() <= normalise.MAX_EMAIL) & (at <= 64)  # noqa: PLR2004  # RFC 5321
        return _where(pl.lit(lower).str.contains(normalise.EMAIL) & fits, pl.lit(lower))

    return _settle(raw, quick, normalise.email)


def phones(raw: pl.Series) -> Settled:
    def quick(cells: pl.Series) -> pl.Series:
        bare = cells.str.replace_all(r"[ ().\-]", "")
        found = pl.select(pl.lit("+55") + pl.lit(bare).str.extract(normalise.BRAZILIAN_NUMBER, 1)).to_series()
        abroad = bare.filter(found.is_null() & bare.str.starts_with("+")).unique()
        if abroad.is_empty():
            return found
        good = abroad.filter(abroad.str.contains(_world_numbers()))
        return pl.select(
            pl.coalesce(found, pl.when(pl.lit(bare).is_in(good.implode())).then(pl.lit(bare)))
        ).to_series()

    return _settle(raw, quick, normalise.phone)


@cache
def _world_numbers() -> str:
    """A pattern of E.164 numbers whose length is possible in their country, without a trunk prefix."""
    patterns = []
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
        if metadata is None or metadata.general_desc is None or regions[0] == normalise.PHONE_REGION:
            continue
        # Where the trunk prefix is none or one plain digit, a number that begins otherwise keeps all of its.
        prefix = metadata.national_prefix_for_parsing
        if prefix is not None and not re.fullmatch(r"\d", prefix):
            continue
        first = "[1-9]" if prefix is None else "[" + "".join(sorted(set("123456789") - {prefix})) + "]"
        lengths = [length for length in metadata.general_desc.possible_length if length > 0]
        patterns += [f"{code}{first}[0-9]{{{length - 1}}}" for length in lengths]
    return r"^\+(?:" + "|".join(patterns) + ")$"


def external_ids(raw: pl.Series) -> Settled:
    return _settle(
        raw,
        partial(_plain, pattern=_PLAIN_LINE, limit=normalise.MAX_EXTERNAL_ID),
        partial(normalise.line, limit=normalise.MAX_EXTERNAL_ID),
    )


def lines(raw: pl.Series) -> Settled:
    return _settle(raw, partial(_plain, pattern=_PLAIN_LINE, limit=normalise.MAX_NAME), normalise.line)


def _plain(cells: pl.Series, *, pattern: str, limit: int) -> pl.Series:
    expr = pl.lit(cells)
    return _where(expr.str.contains(pattern) & (expr.str.len_bytes() <= limit), expr)


def _unsettled(cells: pl.Series) -> pl.Series:
    return nothing(cells.len())


def statuses(raw: pl.Series) -> Settled:
    def rule(cell: str) -> str:
        if (status := STATUSES.get(slug(cell))) is None:
            raise ValueError(f"“{normalise.shown(cell)}” is not a status")
        return status.value

    return _settle(raw, _unsettled, rule)


def tag_lists(raw: pl.Series) -> Settled:
    return _settle(raw, _unsettled, lambda cell: array_literal(split_tags(cell)))


def split_tags(cell: str) -> tuple[str, ...]:
    """Return the tags that a cell names, between commas, semicolons or bars."""
    return normalise.tags(_TAG_BREAKS.split(cell))


def moments(raw: pl.Series) -> Settled:
    return _settle(raw, _unsettled, moment)


def moment(cell: str) -> str:
    """Return a time as ISO 8601 in UTC, from ISO or from day/month/year.

    Raises:
        ValueError: it is neither.
    """
    try:
        if found := _BRAZILIAN_TIME.match(cell):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            when = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        else:
            when = datetime.fromisoformat(cell)
        if not clock.within_reach(when):
            raise ValueError
    except ValueError as error:
        raise ValueError(f"“{normalise.shown(cell)}” is not a date: write it as 2026-01-31") from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


_QUICK_FORMS: dict[FieldType, tuple[str, bool]] = {
    FieldType.NUMBER: (r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,9}[1-9])?$", False),
    FieldType.DATE: (r"^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])$", True),
    FieldType.URL: (r"^https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9/._~%&=?+-]*)?$", True),
}
"""What is stored as it stands in the file, and whether JSON quotes it."""


def typed_texts(raw: pl.Series, field: LeadField) -> Settled:
    """Settle the column of a field with a type: its values as JSON, and the cells that do not fit."""

    def quick(cells: pl.Series) -> pl.Series:
        if field.type not in _QUICK_FORMS:
            return nothing(cells.len())
        pattern, quoted = _QUICK_FORMS[field.type]
        found = pl.lit(cells)
        fits = found.str.contains(pattern) & (found.str.len_bytes() <= field_values.MAX_URL)
        return _where(fits, pl.lit('"') + found + pl.lit('"') if quoted else found)

    def rule(cell: str) -> str:
        value = field_values.in_form(field, cell)
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    return _settle(raw, quick, rule)


def json_texts(raw: pl.Series) -> pl.Series:
    def quick(cells: pl.Series) -> pl.Series:
        plain = _plain(cells, pattern=_PLAIN_TEXT, limit=normalise.MAX_TEXT)
        return _where(pl.lit(plain) != "", pl.lit('"') + pl.lit(plain) + '"')

    def rule(cell: str) -> str:
        text = normalise.text(cell)
        return json.dumps(text, ensure_ascii=False) if text else ""

    return _settle(raw, quick, rule).values
