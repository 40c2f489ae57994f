"""How rows of cells become the bytes of a file, piece by piece. No I/O; nothing but the piece is kept."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Protocol
from xml.sax.saxutils import escape

from mailgenius.kit.formulas import guarded
from mailgenius.product.exports.errors import SheetTooLong
from mailgenius.product.exports.model import XLSX_LEADS, Format

Rows = Iterable[Sequence[str]]
_BEFORE_SHEET = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="xl/workbook.xml"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    "</Relationships>",
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": "<Relationships"
    ' xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Target="worksheets/sheet1.xml"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
}
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = _XML + (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView'
    ' workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
    "<sheetData>"
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_CELL = 32_767


class Encoder(Protocol):
    """Turns rows into the next bytes of a file; the header goes first, as a row."""

    def rows(self, rows: Rows) -> bytes: ...

    def end(self) -> bytes: ...


class CsvFile:
    """CSV in UTF-8 with a byte order mark, without which spreadsheets take it for something else."""

    def __init__(self) -> None:
        self._before = "\ufeff"

    def rows(self, rows: Rows) -> bytes:
        out = io.StringIO(newline="")
        out.write(self._before)
        self._before = ""
        csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
        return out.getvalue().encode()

    def end(self) -> bytes:
        return b""


class XlsxFile:
    """A workbook of one sheet. Every cell is a text: no spreadsheet runs it, and phones stay whole.

    Only what looks guarded is guarded, because imports take one apostrophe off whatever the file is.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        for name, text in _BEFORE_SHEET.items():
            self._zip.writestr(name, _XML + text)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        self._sheet.write(_SHEET.encode())
        self._count = -1  # The header is no lead.

    def rows(self, rows: Rows) -> bytes:
        """Write rows.

        Raises:
            SheetTooLong: the sheet is full.
        """
        lines = ["<row>" + "".join(map(_cell, row)) + "</row>" for row in rows]
        self._count += len(lines)
        if self._count > XLSX_LEADS:
            raise SheetTooLong(limit=XLSX_LEADS)
        self._sheet.write("".join(lines).encode())
        return self._sink.taken()

    def end(self) -> bytes:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """Where the archive writes to: what it wrote is taken away again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # Whatever the archive has: bytes.
        self._written += view
        return view.nbytes

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    whole = guarded(text) if text.startswith("'") else text
    clean = escape(_NOT_XML.sub("", whole[:LONGEST_CELL]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{clean}</t></is></c>'


ENCODERS: dict[Format, type[CsvFile | XlsxFile]] = {Format.CSV: CsvFile, Format.XLSX: XlsxFile}
MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
