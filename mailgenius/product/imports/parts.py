"""Cuts a chunk into parts that can be merged apart from each other, and writes them as COPY wants them.

Rows whose identities stand in the chunk once are independent: they go, sorted by e-mail, into two halves
that are merged at the same time. Rows that share an identity follow in a part of their own, in rounds. Which
row is in which part depends on the file alone: only so does a part's bookmark mean something after a crash.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from mailgenius.product.imports.cells import array_literal
from mailgenius.product.imports.columns import COLUMNS, rejects_of
from mailgenius.product.imports.files.table import LINE, Chunk
from mailgenius.product.imports.model import Reject
from mailgenius.product.leads.model import LeadInput, LeadStatus, Mode
from mailgenius.product.leads.rounds import NumberedLead, Plan, PlannedLead, plan_rounds

LANES = 2
"""Halves that are merged at the same time. Bookmarks count on it: it does not depend on the machine."""
MIN_LANE_ROWS = 2_000
"""Smaller chunks are not worth a second transaction."""
SLICE = 2_500
"""Rows that are written at a time."""
ROUND = "round"
IDENTITIES = ("email", "phone", "external_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Rows that are merged and committed together."""

    bit: int
    """Its place in the import's bookmark."""
    rows: pl.DataFrame
    """LINE, ROUND and the columns of a normal frame."""
    sizes: Sequence[int]
    """Rows in each round."""
    plan: Plan | None = None
    rejects: Sequence[Reject] = ()

    @property
    def empty(self) -> bool:
        return not self.sizes and not self.rejects

    def csv(self) -> Iterator[bytes]:
        """Yield the rows as `leads.merge_staged` stages them."""
        for rows in self.rows.select(LINE, ROUND, *COLUMNS).iter_slices(SLICE):
            data = io.BytesIO()
            rows.write_csv(data, include_header=False)
            yield data.getvalue()


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """A chunk, ready to be merged: the lanes at the same time, then the shared part."""

    chunk: Chunk
    lanes: Sequence[Part] = field(default_factory=list)
    shared: Part | None = None

    def raw_rejects(self, reasons: dict[int, str]) -> list[Reject]:
        """Make rejects of rows that the merge refused, by line."""
        if not reasons:
            return []
        rows = self.chunk.rows.filter(pl.col(LINE).is_in(list(reasons)))
        return rejects_of(rows, [reasons[line] for line in rows[LINE]])


def cut(chunk: Chunk, rows: pl.DataFrame, rejects: Sequence[Reject], *, mode: Mode) -> Parts:
    """Cut the normal rows of a chunk into parts. The rejects go with the first."""
    shares = pl.any_horizontal(
        [pl.col(name).is_not_null() & pl.col(name).is_duplicated() for name in IDENTITIES]
    )
    rows = rows.with_columns(shares.alias("shares"))
    single = rows.filter(~pl.col("shares")).sort(*IDENTITIES).with_columns(pl.lit(0).alias(ROUND))
    lanes = LANES if single.height >= LANES * MIN_LANE_ROWS else 1
    height = -(-single.height // lanes)
    halves = [single[lane * height : (lane + 1) * height] for lane in range(lanes)]
    every = [*chunk.rejects, *rejects]
    return Parts(
        chunk=chunk,
        lanes=[
            Part(
                bit=1 << lane,
                rows=half,
                sizes=[half.height] if half.height else [],
                rejects=every if lane == 0 else (),
            )
            for lane, half in enumerate(halves)
        ],
        shared=_shared(rows.filter(pl.col("shares")).sort(LINE), mode),
    )


def _shared(rows: pl.DataFrame, mode: Mode) -> Part | None:
    if rows.is_empty():
        return None
    plan = plan_rounds([_lead(row) for row in rows.iter_rows(named=True)], mode=mode)
    frame = pl.DataFrame(
        [_row(planned) for planned in plan.leads],
        schema={LINE: pl.Int64, ROUND: pl.Int64, **dict.fromkeys(COLUMNS, pl.String)},
        orient="row",
    ).sort(*IDENTITIES)
    return Part(bit=1 << LANES, rows=frame, sizes=plan.sizes, plan=plan)


def _lead(row: dict[str, str]) -> NumberedLead:
    return NumberedLead(
        n=int(row[LINE]),
        lead=LeadInput(
            email=row["email"],
            phone=row["phone"],
            external_id=row["external_id"],
            name=row["name"],
            status=LeadStatus(row["status"]) if row["status"] else None,
            tags=_tags(row["tags"]),
            fields=json.loads(row["fields"]) if row["fields"] else {},
            consent_at=datetime.fromisoformat(row["consent_at"]) if row["consent_at"] else None,
            consent_source=row["consent_source"],
        ),
    )


def _row(planned: PlannedLead) -> tuple[object, ...]:
    lead = planned.lead
    values = {
        "email": lead.email,
        "phone": lead.phone,
        "external_id": lead.external_id,
        "name": lead.name,
        "status": lead.status.value if lead.status else None,
        "tags": None if lead.tags is None else array_literal(lead.tags),
        "fields": json.dumps(lead.fields, ensure_ascii=False) if lead.fields else None,
        "consent_at": lead.consent_at.isoformat() if lead.consent_at else None,
        "consent_source": lead.consent_source,
    }
    return (planned.n, planned.round_no, *(values[name] for name in COLUMNS))


def _tags(literal: str | None) -> tuple[str, ...] | None:
    """Read an array literal of ours back."""
    if literal is None:
        return None
    return tuple(next(csv.reader([literal[1:-1]], escapechar="\\", doublequote=False), []))
