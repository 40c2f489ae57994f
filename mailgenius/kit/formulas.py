"""Cells that a spreadsheet would run as a formula: made harmless on the way out, whole on the way in."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_RUN = re.compile(r"'*[=+\-@\t\r]")
GUARDED = r"^'('*[=+\-@\t\r])"
"""A cell that `guarded` changed; its group is what it was before. Means the same to Rust's expressions."""


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe stands before it.

    One that looks guarded already gets another apostrophe, so that taking one off, as imports do, gives back
    exactly what was there.
    """
    return "'" + cell if _RUN.match(cell) else cell


def guarded_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV in UTF-8, each cell guarded."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
