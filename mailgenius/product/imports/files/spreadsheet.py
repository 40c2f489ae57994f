"""Reads rows out of a spreadsheet. Cells become text: dates as ISO, whole numbers without `.0`.

As in delimited text, a row with something outside the columns of the header is set aside with the reason: to
take it without that cell would lose silently what stands there.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from xml.parsers import expat

import polars as pl

from mailgenius.product.imports.errors import BrokenSpreadsheet, EmptyFile
from mailgenius.product.imports.files.line_cells import raggedness
from mailgenius.product.imports.files.separated import MAX_LINE, TOO_LONG
from mailgenius.product.imports.files.sheet_xml import MAX_ROW
from mailgenius.product.imports.files.table import LINE, Chunk, cell_name, checked_header, empty_rows
from mailgenius.product.imports.files.workbook import Sheet, Workbook
from mailgenius.product.imports.model import Reject, SourceFile

CHUNK_ROWS = 50_000
CHUNK_CHARS = 8 << 20
"""Few long rows are a chunk as well: a shared text may stand in every row."""

Row = tuple[int, dict[int, str]]


class Spreadsheet:
    """The first sheet with a row below another, its first filled row being the header."""

    delimiter = ""
    encoding = ""
    files: tuple[SourceFile, ...] = ()
    lines_total = MAX_ROW

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        with _broken():
            self._book = Workbook(archive)
            self._sheet, begin = self._first_filled()
        header = begin[0][1]
        # A table may begin away from the edge. What the first row has before the header is a column without a
        # name, as programs write that number their rows.
        self._places = range(min(min(cells) for _, cells in begin), max(header) + 1)
        self._inside = frozenset(self._places)
        self.columns = checked_header(_cells(header, self._places))

    def _first_filled(self) -> tuple[Sheet, list[Row]]:
        alone = None
        for sheet in self._book.sheets:
            begin = list(islice(self._book.rows(sheet), 2))
            if len(begin) == 2:  # noqa: PLR2004  # A header and a row.
                return sheet, begin
            # A cover with a title is no table, unless it is all that there is.
            alone = alone or ((sheet, begin) if begin else None)
        if alone is None:
            raise EmptyFile
        return alone

    @cached_property
    def rows_total(self) -> int:
        """How many rows are written down below the header; some may turn out to be empty."""
        with _broken():
            return max(0, self._book.count_rows(self._sheet) - 1)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows with their row numbers. Rows without any value are left out."""
        with _broken():
            rows = self._rows()
            read = 0
            for number, part in enumerate(iter(lambda: list(_some(rows)), [])):
                read += len(part)
                yield self._chunk(number, part, min(1.0, read / max(1, self.rows_total)))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        for number, cells in islice(self._book.rows(self._sheet), 1, None):
            places = self._places if cells.keys() <= self._inside else self._span(cells)
            yield number, _cells(cells, places)

    def _span(self, cells: dict[int, str]) -> range:
        """Return the places of a row: those of the columns, and whatever says something beside them."""
        said = [place for place in cells if cells[place].strip()]
        return range(min(self._places[0], *said), max(self._places[-1], *said) + 1)

    def _problem(self, row: tuple[int, list[str]]) -> str:
        """Return why a row cannot be taken; empty when it can."""
        if len(row[1]) != len(self.columns):
            return raggedness(len(row[1]), width=len(self.columns))
        return TOO_LONG if _size(row) > MAX_LINE else ""

    def _chunk(self, number: int, part: Sequence[tuple[int, list[str]]], done: float) -> Chunk:
        problems = [self._problem(row) for row in part]
        good = [row for row, problem in zip(part, problems, strict=True) if not problem]
        rejects = [
            Reject(line=line, reason=problem, cells=tuple(cell[:1000] for cell in cells))
            for (line, cells), problem in zip(part, problems, strict=True)
            if problem
        ]
        if not good:
            return Chunk(number=number, rows=empty_rows(len(self.columns)), rejects=rejects, done=done)
        columns = zip(*(cells for _, cells in good), strict=True)
        rows = {
            LINE: pl.Series([line for line, _ in good], dtype=pl.Int64),
            **{
                cell_name(place): pl.Series(list(cells), dtype=pl.String)
                for place, cells in enumerate(columns)
            },
        }
        return Chunk(number=number, rows=pl.DataFrame(rows), rejects=rejects, done=done)

    def close(self) -> None:
        self._archive.close()


def _some(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of one chunk. The same file always falls into the same ones."""
    chars = 0
    for row in islice(rows, CHUNK_ROWS):
        yield row
        chars += _size(row)
        if chars > CHUNK_CHARS:
            return


def _cells(cells: dict[int, str], places: range) -> list[str]:
    return [cells.get(place, "") for place in places]


def _size(row: tuple[int, list[str]]) -> int:
    return sum(map(len, row[1]))


@contextmanager
def _broken() -> Iterator[None]:
    """Say of whatever the format does not allow that the spreadsheet is broken."""
    try:
        yield
    except (expat.ExpatError, zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeError) as error:
        raise BrokenSpreadsheet from error
