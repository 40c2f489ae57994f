"""Reads rows out of a spreadsheet. Cells become text: dates as ISO, whole numbers without `.0`."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl

from mailgenius.product.imports.errors import BrokenSpreadsheet, EmptyFile, NotATable, UnpackedTooLarge
from mailgenius.product.imports.files.table import LINE, Chunk, cell_name, checked_header

CHUNK_ROWS = 50_000
MAX_UNPACKED = 1 << 30
"""A spreadsheet is read whole, so what it unpacks to is bounded; larger tables come as CSV."""
MIDNIGHT = r" 00:00:00$"
FIRST_DAY = r"^1899-12-3[01] "
"""How a time without a day is stored."""


class Spreadsheet:
    """The first sheet that holds anything, its first filled row being the header."""

    delimiter = ""
    encoding = ""

    def __init__(self, path: Path) -> None:
        _check_size(path)
        sheet = _first_filled(path)
        filled = pl.any_horizontal(pl.exclude(LINE).is_not_null())
        self._rows = sheet.with_row_index(LINE, 1).with_columns(pl.col(LINE).cast(pl.Int64)).filter(filled)
        header = self._rows.row(0)[1:]
        width = max(place for place, cell in enumerate(header, start=1) if cell is not None)
        self.columns = checked_header([cell or "" for cell in header[:width]])
        self._rows = self._rows[1:, : width + 1]
        self._rows.columns = [LINE, *(cell_name(place) for place in range(width))]
        self.rows_total = self._rows.height

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows with their row numbers. Rows without any value are left out."""
        cells = pl.exclude(LINE)
        for number, start in enumerate(range(0, self.rows_total, CHUNK_ROWS)):
            rows = self._rows[start : start + CHUNK_ROWS].with_columns(
                cells.fill_null("").str.replace(MIDNIGHT, "").str.replace(FIRST_DAY, "")
            )
            done = min(1.0, (start + CHUNK_ROWS) / self.rows_total)
            yield Chunk(number=number, rows=rows, rejects=(), done=done)

    def close(self) -> None:
        """Let the rows go."""
        self._rows = self._rows.clear()


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return  # The old binary format is not compressed.
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist() and "content.xml" not in archive.namelist():
            raise NotATable
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
            raise UnpackedTooLarge(limit="1 GiB")


def _first_filled(path: Path) -> pl.DataFrame:
    try:
        reader = fastexcel.read_excel(path)
        for name in reader.sheet_names:
            # Leading empty rows are kept, so that row numbers are those that a person sees.
            sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            if sheet.height and sheet.select(pl.any_horizontal(pl.all().is_not_null()).any()).item():
                return sheet
    except fastexcel.FastExcelError as error:
        raise BrokenSpreadsheet from error
    raise EmptyFile
