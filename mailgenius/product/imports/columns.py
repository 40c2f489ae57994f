"""Brings the cells of a chunk into normal form, a whole column at a time.

The rules are those of `leads/normalise.py`. Most cells are settled by an expression over the column; the
others go through the rule itself, each distinct value once. A test compares both ways on hostile input.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from mailgenius.product.imports.files.table import LINE, Chunk, cell_name
from mailgenius.product.imports.mapping import STATUSES, Targets, slug
from mailgenius.product.imports.model import Reject
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import Mode

NO_IDENTITY = "an e-mail, a phone or an external id is needed"
COLUMNS = (
    "email",
    "phone",
    "external_id",
    "name",
    "status",
    "tags",
    "fields",
    "consent_at",
    "consent_source",
)
"""Columns of a normal frame beside LINE, all text: tags as an array literal, fields as JSON."""

SEPARATORS = {"name": " ", "tags": ","}
"""What is put between the cells when several columns go to one target."""

# Characters that every rule leaves as they are: printable ASCII, precomposed Latin letters, Cyrillic.
_PLAIN = "\u00a1-\u00ac\u00ae-\u024f\u0400-\u0481‘’“”–—…"
_PLAIN_LINE = f"^[!-~{_PLAIN}]+(?: [!-~{_PLAIN}]+)*$"
_PLAIN_TEXT = f"^[ !#-\\[\\]-~{_PLAIN}]*$"  # Without quote and backslash, which JSON escapes.
_TAG_BREAKS = re.compile(r"[,;|\n]")
_BRAZILIAN_TIME = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How the columns of one import are read."""

    targets: Targets
    mode: Mode
    consent_source: str
    """For rows that name none."""

    @property
    def filling(self) -> bool:
        """Whether an empty cell says nothing, instead of clearing."""
        return self.mode is not Mode.OVERWRITE


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A column in normal form, and what is wrong with its cells where something is."""

    values: pl.Series
    problems: pl.Series | None = None


def normal_rows(chunk: Chunk, rules: Rules) -> tuple[pl.DataFrame, list[Reject]]:
    """Return the good rows of a chunk in normal form, and the bad ones with their reasons."""
    rows = chunk.rows
    if rows.is_empty():
        return pl.DataFrame(schema={LINE: pl.Int64, **dict.fromkeys(COLUMNS, pl.String)}), []
    read = partial(_column, rows, rules)
    settled = {
        "email": read("email", _email),
        "phone": read("phone", _phone),
        "external_id": read("external_id", _external_id),
        "name": read("name", _line, empty=""),
        "status": read("status", _status),
        "tags": read("tags", _tags, empty="{}"),
        "consent_at": read("consent_at", _moment),
        "consent_source": _consent_source(rows, rules),
    }
    frame = pl.DataFrame(
        {
            LINE: rows[LINE],
            **{name: each.values for name, each in settled.items()},
            "fields": _fields(rows, rules),
        }
    ).select(LINE, *COLUMNS)
    nobody = frame.select(
        pl.when(pl.all_horizontal(pl.col("email", "phone", "external_id").is_null())).then(
            pl.lit(NO_IDENTITY)
        )
    ).to_series()
    problems = [each.problems for each in settled.values() if each.problems is not None]
    reasons = _reasons(problems, nobody)
    bad = reasons.is_not_null()
    if not bad.any():
        return frame, []
    return frame.filter(~bad), rejects_of(rows.filter(bad), reasons.filter(bad))


def rejects_of(rows: pl.DataFrame, reasons: Sequence[str] | pl.Series) -> list[Reject]:
    """Make rejects of raw rows."""
    return [
        Reject(line=line, reason=reason, cells=tuple(cell.replace("\x00", "") for cell in cells))
        for (line, *cells), reason in zip(rows.iter_rows(), reasons, strict=True)
    ]


def _reasons(problems: Sequence[pl.Series], nobody: pl.Series) -> pl.Series:
    """Join what is wrong with each row. That it has no identity is said when nothing else is."""
    if not problems:
        return nobody
    frame = pl.DataFrame({str(place): problem for place, problem in enumerate(problems)})
    said = pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)
    return frame.select(
        pl.when(pl.any_horizontal(pl.all().is_not_null())).then(said).otherwise(nobody)
    ).to_series()


Quick = Callable[[pl.Series], pl.Series]


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


def _column(
    rows: pl.DataFrame,
    rules: Rules,
    target: str,
    settle: Callable[[pl.Series], Settled],
    *,
    empty: str | None = None,
) -> Settled:
    """Settle the column of a target. `empty` is what its empty cells say when the import overwrites."""
    places = rules.targets.places.get(target, ())
    if not places:
        return Settled(values=_nothing(rows.height))
    settled = settle(_joined(rows, places, SEPARATORS.get(target, "")))
    if rules.filling or empty is None:
        return settled
    return Settled(values=settled.values.fill_null(empty), problems=settled.problems)


def _joined(rows: pl.DataFrame, places: Sequence[int], separator: str) -> pl.Series:
    """Put the cells of several columns together."""
    if len(places) == 1:
        return rows[cell_name(places[0])]
    cells = [pl.col(cell_name(place)).str.strip_chars() for place in places]
    return rows.select(
        pl.concat_str(cells, separator=separator).str.strip_chars(separator + " ").alias("joined")
    ).to_series()


def _nothing(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _email(raw: pl.Series) -> Settled:
    def quick(cells: pl.Series) -> pl.Series:
        lower = cells.str.to_lowercase()
        at = pl.lit(lower).str.find("@", literal=True)
        fits = (pl.lit(lower).str.len_bytes() <= normalise.MAX_EMAIL) & (at <= 64)  # noqa: PLR2004  # RFC 5321
        return _where(pl.lit(lower).str.contains(normalise.EMAIL) & fits, pl.lit(lower))

    return _settle(raw, quick, normalise.email)


def _phone(raw: pl.Series) -> Settled:
    def quick(cells: pl.Series) -> pl.Series:
        bare = cells.str.replace_all(r"[ ().\-]", "")
        found = pl.select(pl.lit("+55") + pl.lit(bare).str.extract(_brazilian_numbers(), 1)).to_series()
        abroad = bare.filter(found.is_null() & bare.str.starts_with("+")).unique()
        if abroad.is_empty():
            return found
        good = abroad.filter(abroad.str.contains(_world_numbers()))
        return pl.select(
            pl.coalesce(found, pl.when(pl.lit(bare).is_in(good.implode())).then(pl.lit(bare)))
        ).to_series()

    return _settle(raw, quick, normalise.phone)


@cache
def _brazilian_numbers() -> str:
    """A pattern of Brazilian numbers with area code; the national number is its first group."""
    return r"^(?:\+?55)?([1-9][1-9](?:9[0-9]{8}|[2-5][0-9]{7}))$"


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


def _external_id(raw: pl.Series) -> Settled:
    return _settle(
        raw,
        partial(_plain, pattern=_PLAIN_LINE, limit=normalise.MAX_EXTERNAL_ID),
        partial(normalise.line, limit=normalise.MAX_EXTERNAL_ID),
    )


def _line(raw: pl.Series) -> Settled:
    return _settle(raw, partial(_plain, pattern=_PLAIN_LINE, limit=normalise.MAX_NAME), normalise.line)


def _plain(cells: pl.Series, *, pattern: str, limit: int) -> pl.Series:
    expr = pl.lit(cells)
    return _where(expr.str.contains(pattern) & (expr.str.len_bytes() <= limit), expr)


def _unsettled(cells: pl.Series) -> pl.Series:
    return _nothing(cells.len())


def _status(raw: pl.Series) -> Settled:
    def rule(cell: str) -> str:
        if (status := STATUSES.get(slug(cell))) is None:
            raise ValueError(f"“{normalise.shown(cell)}” is not a status")
        return status.value

    return _settle(raw, _unsettled, rule)


def _tags(raw: pl.Series) -> Settled:
    return _settle(raw, _unsettled, lambda cell: array_literal(split_tags(cell)))


def split_tags(cell: str) -> tuple[str, ...]:
    """Return the tags that a cell names, between commas, semicolons or bars."""
    return normalise.tags(_TAG_BREAKS.split(cell))


def array_literal(values: Sequence[str]) -> str:
    """Return texts as PostgreSQL reads an array."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _moment(raw: pl.Series) -> Settled:
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
    except ValueError as error:
        raise ValueError(f"“{normalise.shown(cell)}” is not a date: write it as 2026-01-31") from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _consent_source(rows: pl.DataFrame, rules: Rules) -> Settled:
    settled = _column(rows, rules, "consent_source", _line, empty="")
    if not rules.consent_source:
        return settled
    own = pl.lit(settled.values)
    filled = pl.select(pl.when(own != "").then(own).otherwise(pl.lit(rules.consent_source))).to_series()
    return Settled(values=filled, problems=settled.problems)


def _fields(rows: pl.DataFrame, rules: Rules) -> pl.Series:
    """Return the custom fields of each row as a JSON object; null when it says nothing of any."""
    if not rules.targets.fields:
        return _nothing(rows.height)
    empty = pl.lit("") if rules.filling else pl.lit("null,")
    pieces = []
    for key, place in rules.targets.fields.items():
        value = pl.lit(_json_texts(rows[cell_name(place)]))
        label = pl.lit(json.dumps(key) + ":")
        piece = pl.when(value.is_not_null()).then(label + value + ",")
        pieces.append(piece.otherwise(empty if rules.filling else label + empty))
    joined = pl.concat_str(pieces).str.strip_suffix(",")
    return pl.select(pl.when(joined != "").then(pl.lit("{") + joined + "}")).to_series()


def _json_texts(raw: pl.Series) -> pl.Series:
    def quick(cells: pl.Series) -> pl.Series:
        plain = _plain(cells, pattern=_PLAIN_TEXT, limit=normalise.MAX_TEXT)
        return _where(pl.lit(plain) != "", pl.lit('"') + pl.lit(plain) + '"')

    def rule(cell: str) -> str:
        text = normalise.text(cell)
        return json.dumps(text, ensure_ascii=False) if text else ""

    return _settle(raw, quick, rule).values
