"""Files that we wrote and that come back: what we put around rows and cells is taken off again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from mailgenius.kit.formulas import GUARDED
from mailgenius.product.imports.files.table import LINE, Chunk, Table, cell_name
from mailgenius.product.imports.model import Reject

COLUMNS = ("line", "reason")
"""The first columns of a file of rejected rows: where each stood, and why it was not taken in."""


def is_rejects_file(columns: Sequence[str]) -> bool:
    return tuple(columns[: len(COLUMNS)]) == COLUMNS and len(columns) > len(COLUMNS)


class Cleaned:
    """The rows of any file without the apostrophes before formulas; of rejected rows, without our columns."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._own = len(COLUMNS) if is_rejects_file(table.columns) else 0
        self.columns = table.columns[self._own :]
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
        """Yield the rows as they were before we wrote them, with their lines in this file."""
        own = self._own
        for chunk in self._table.chunks():
            cells = [
                _bare(chunk.rows[cell_name(place + own)]).alias(cell_name(place))
                for place in range(len(self.columns))
            ]
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


def _bare(cells: pl.Series) -> pl.Series:
    # Few columns hold such a cell, and to look is much quicker than to replace.
    return cells.str.replace(GUARDED, "$1") if cells.str.starts_with("'").any() else cells
