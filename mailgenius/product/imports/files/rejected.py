"""A file of rejected rows that comes back corrected: what we wrote around the rows is taken off again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from mailgenius.product.imports.files.table import LINE, Chunk, Table, cell_name
from mailgenius.product.imports.model import Reject

COLUMNS = ("line", "reason")
"""The first columns of a file of rejected rows: where each stood, and why it was not taken in."""
_GUARDED = r"^'([=+\-@\t\r])"


def is_rejects_file(columns: Sequence[str]) -> bool:
    return tuple(columns[: len(COLUMNS)]) == COLUMNS and len(columns) > len(COLUMNS)


class CorrectedRejects:
    """The rows of such a file, without our columns and without the apostrophes before formulas."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.columns = table.columns[len(COLUMNS) :]
        self.delimiter = table.delimiter
        self.encoding = table.encoding
        self.files = table.files

    @property
    def rows_total(self) -> int:
        return self._table.rows_total

    @property
    def lines_total(self) -> int:
        return self._table.lines_total

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows as they stood in the first file, with their lines in this one."""
        own = len(COLUMNS)
        cells = [
            pl.col(cell_name(place + own)).str.replace(_GUARDED, "$1").alias(cell_name(place))
            for place in range(len(self.columns))
        ]
        for chunk in self._table.chunks():
            yield replace(
                chunk,
                rows=chunk.rows.select(LINE, *cells),
                rejects=[
                    Reject(line=each.line, reason=each.reason, cells=each.cells[own:])
                    for each in chunk.rejects
                ],
            )

    def close(self) -> None:
        self._table.close()
