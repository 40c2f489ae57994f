"""Cuts lines of delimited text into their cells. Which lines make a record is separated.py's."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

# The library refuses longer cells than this, which is set for the whole process: hardly a record is longer.
csv.field_size_limit(4 << 20)
_RETURNS = re.compile(r"[\r\n]")


def first_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a text as well as can be, however it is quoted."""
    return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])


def raggedness(found: int, *, width: int) -> str:
    """Return the reason why a row of another length than the header is set aside."""
    return f"the line has {found} cells; the header has {width}"


class LineCells:
    """How the lines of one file are cut."""

    def __init__(self, delimiter: str, width: int) -> None:
        self._delimiter = delimiter
        self._width = width

    def each(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yield the cells of records.

        Raises:
            csv.Error: quotes are wrong.
        """
        rows = csv.reader(texts, delimiter=self._delimiter, strict=True, skipinitialspace=True)
        return map(self._fitted, rows)

    def whole(self, text: str) -> list[str] | None:
        """Return the cells of one whole record, or None when its quotes are wrong."""
        try:
            rows = list(self.each([text]))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def seen(self, text: str) -> tuple[str, ...]:
        """Return the cells of a text that is no record, for a person to correct."""
        cells = first_cells(_RETURNS.sub(" ", text), self._delimiter)
        return tuple(cell.replace("\x00", "") for cell in cells)

    def without_surplus(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take away empty cells behind the last column: they come where other rows of a sheet are longer.

        Args:
            frame: lines without quotes as `text`, and as `found` how many cells each has.
        """
        if not (frame["found"] > self._width).any():
            return frame
        cells = pl.col("text").str.split(self._delimiter)
        surplus = cells.list.slice(self._width).list.eval(pl.element().str.strip_chars() != "")
        empty = (pl.col("found") > self._width) & ~surplus.list.any()
        kept = cells.list.head(self._width).list.join(self._delimiter)
        return frame.with_columns(
            pl.when(empty).then(kept).otherwise("text").alias("text"),
            pl.when(empty).then(self._width).otherwise("found").alias("found"),
        )

    def _fitted(self, cells: Sequence[str]) -> list[str]:
        """Return cells without the empty ones behind the last column."""
        return list(cells if any(map(str.strip, cells[self._width :])) else cells[: self._width])
