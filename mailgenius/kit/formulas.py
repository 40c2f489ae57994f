"""Cells that a spreadsheet would run as a formula: made harmless on the way out, whole on the way in."""

import re

_RUN = re.compile(r"'*[=+\-@\t\r]")
GUARDED = r"^'('*[=+\-@\t\r])"
"""A cell that `guarded` changed; its group is what it was before. Means the same to Rust's expressions."""


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe stands before it.

    One that looks guarded already gets another apostrophe, so that taking one off, as imports do, gives back
    exactly what was there.
    """
    return "'" + cell if _RUN.match(cell) else cell
