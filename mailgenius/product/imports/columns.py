"""Brings a chunk of rows into normal form: which columns are what, what is empty, what is wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from mailgenius.product.imports import cells
from mailgenius.product.imports.cells import Settled
from mailgenius.product.imports.date_orders import day_first
from mailgenius.product.imports.files.table import LINE, Chunk, cell_name
from mailgenius.product.imports.mapping import Targets
from mailgenius.product.imports.model import Reject
from mailgenius.product.leads.model import LeadField, Mode

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How the columns of one import are read."""

    targets: Targets
    mode: Mode
    consent_source: str
    """For rows that name none."""
    typed: Mapping[str, LeadField] = field(default_factory=dict)
    """The custom fields that are not plain texts, by key."""
    month_first: frozenset[int] = frozenset()
    """Places of the columns whose days are written month first."""

    @property
    def filling(self) -> bool:
        """Whether an empty cell says nothing, instead of clearing."""
        return self.mode is not Mode.OVERWRITE


def normal_rows(chunk: Chunk, rules: Rules) -> tuple[pl.DataFrame, list[Reject]]:
    """Return the good rows of a chunk in normal form, and the bad ones with their reasons."""
    rows = day_first(chunk.rows, rules.month_first) if rules.month_first else chunk.rows
    if rows.is_empty():
        return pl.DataFrame(schema={LINE: pl.Int64, **dict.fromkeys(COLUMNS, pl.String)}), []
    read = partial(_column, rows, rules)
    settled = {
        "email": read("email", cells.emails),
        "phone": read("phone", cells.phones),
        "external_id": read("external_id", cells.external_ids),
        "name": read("name", cells.lines, empty=""),
        "status": read("status", cells.statuses),
        "tags": read("tags", cells.tag_lists, empty="{}"),
        "consent_at": read("consent_at", cells.moments),
        "consent_source": _consent_source(rows, rules),
    }
    fields, misfits = _fields(rows, rules)
    frame = pl.DataFrame(
        {
            LINE: rows[LINE],
            **{name: each.values for name, each in settled.items()},
            "fields": fields,
        }
    ).select(LINE, *COLUMNS)
    nobody = frame.select(
        pl.when(pl.all_horizontal(pl.col("email", "phone", "external_id").is_null())).then(
            pl.lit(NO_IDENTITY)
        )
    ).to_series()
    problems = [each.problems for each in settled.values() if each.problems is not None] + misfits
    reasons = _reasons(problems, nobody)
    bad = reasons.is_not_null()
    if not bad.any():
        return frame, []
    return frame.filter(~bad), rejects_of(chunk.rows.filter(bad), reasons.filter(bad))


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
        return Settled(values=cells.nothing(rows.height))
    settled = settle(_joined(rows, places, SEPARATORS.get(target, "")))
    if rules.filling or empty is None:
        return settled
    return Settled(values=settled.values.fill_null(empty), problems=settled.problems)


def _joined(rows: pl.DataFrame, places: Sequence[int], separator: str) -> pl.Series:
    """Put the cells of several columns together."""
    if len(places) == 1:
        return rows[cell_name(places[0])]
    pieces = [pl.col(cell_name(place)).str.strip_chars() for place in places]
    return rows.select(
        pl.concat_str(pieces, separator=separator).str.strip_chars(separator + " ").alias("joined")
    ).to_series()


def _consent_source(rows: pl.DataFrame, rules: Rules) -> Settled:
    settled = _column(rows, rules, "consent_source", cells.lines, empty="")
    if not rules.consent_source:
        return settled
    own = pl.lit(settled.values)
    filled = pl.select(pl.when(own != "").then(own).otherwise(pl.lit(rules.consent_source))).to_series()
    return Settled(values=filled, problems=settled.problems)


def _fields(rows: pl.DataFrame, rules: Rules) -> tuple[pl.Series, list[pl.Series]]:
    """Return the custom fields of each row as a JSON object, and what does not fit.

    The object is null when a row says nothing of any field. A value that does not fit costs the row: taken
    without it, the lead would silently lack what its file says, and the rejects can be corrected and come
    again.
    """
    if not rules.targets.fields:
        return cells.nothing(rows.height), []
    empty = pl.lit("") if rules.filling else pl.lit("null,")
    pieces = []
    misfits = []
    for key, place in rules.targets.fields.items():
        raw = rows[cell_name(place)]
        if (kind := rules.typed.get(key)) is None:
            value = pl.lit(cells.json_texts(raw))
        else:
            settled = cells.typed_texts(raw, kind)
            value = pl.lit(settled.values)
            misfits += [] if settled.problems is None else [settled.problems]
        label = pl.lit(json.dumps(key) + ":")
        piece = pl.when(value.is_not_null()).then(label + value + ",")
        pieces.append(piece.otherwise(empty if rules.filling else label + empty))
    joined = pl.concat_str(pieces).str.strip_suffix(",")
    return pl.select(pl.when(joined != "").then(pl.lit("{") + joined + "}")).to_series(), misfits
