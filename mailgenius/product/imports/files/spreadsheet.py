"""Reads rows out of a spreadsheet. Cells become text: dates as ISO, whole numbers without `.0`."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from xml.parsers import expat

import polars as pl

from mailgenius.product.imports.errors import BrokenSpreadsheet, EmptyFile
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
            self._sheet, (self._header, cells) = self._first_filled()
        width = max(cells) + 1
        names = [cells.get(place, "") for place in range(width)]
        # A table may begin away from the edge: the columns before it are none.
        self._first = min(cells)
        self.columns = checked_header(names[self._first :])

    def _first_filled(self) -> tuple[Sheet, Row]:
        alone = None
        for sheet in self._book.sheets:
            begin = list(islice(self._book.rows(sheet), 2))
            if len(begin) == 2:  # noqa: PLR2004  # A header and a row.
                return sheet, begin[0]
            # A cover with a title is no table, unless it is all that there is.
            alone = alone or ((sheet, begin[0]) if begin else None)
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
        places = range(self._first, self._first + len(self.columns))
        for number, cells in islice(self._book.rows(self._sheet), 1, None):
            yield number, [cells.get(place, "") for place in places]

    def _chunk(self, number: int, part: Sequence[tuple[int, list[str]]], done: float) -> Chunk:
        good = [row for row in part if _size(row) <= MAX_LINE]
        rejects = [
            Reject(line=line, reason=TOO_LONG, cells=tuple(cell[:1000] for cell in cells))
            for line, cells in part
            if len(good) < len(part) and _size((line, cells)) > MAX_LINE
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


def _size(row: tuple[int, list[str]]) -> int:
    return sum(map(len, row[1]))


@contextmanager
def _broken() -> Iterator[None]:
    """Say of whatever the format does not allow that the spreadsheet is broken."""
    try:
        yield
    except (expat.ExpatError, zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeError) as error:
        raise BrokenSpreadsheet from error
