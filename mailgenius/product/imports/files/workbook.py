"""Reads the parts of an .xlsx file as they stream out of its archive: never a whole sheet in memory.

Here is where things stand: sheets, parts, number formats. What a cell says is sheet_xml.py's; which rows are
a table is spreadsheet.py's.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from mailgenius.product.imports.errors import UnpackedTooLarge
from mailgenius.product.imports.files.sheet_xml import (
    EPOCHS,
    SharedStrings,
    SheetRows,
    attributes_of,
    local_name,
    number_of,
    xml_parser,
)

BLOCK = 256 << 10
MAX_SHEETS = 100
"""Sheets that are looked into: each may be long and empty."""
MAX_PART = 8 << 20
"""Bytes of the parts that are read whole: list of sheets, relations, formats."""
DAY_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_LITERALS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_DAY_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    part: str


class Workbook:
    """An open .xlsx archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        self._epoch = EPOCHS[False]
        self.sheets = self._sheets()
        self._strings: list[str] | None = None
        self._day_styles: frozenset[int] | None = None

    def _sheets(self) -> list[Sheet]:
        targets: dict[str, str] = {}
        for tag, attributes in self._small("xl/_rels/workbook.xml.rels"):
            if tag == "Relationship":
                targets[attributes.get("Id", "")] = attributes.get("Target", "")
        found: dict[str, Sheet] = {}
        for tag, attributes in self._small("xl/workbook.xml"):
            if tag == "workbookPr":
                self._epoch = EPOCHS[attributes.get("date1904", "0") in {"1", "true"}]
            elif tag == "sheet":
                target = targets.get(attributes.get("id", ""), "")
                part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()
                if part in self._names and len(found) < MAX_SHEETS:
                    # Many names of one part would be as many readings of it.
                    found.setdefault(part, Sheet(name=attributes.get("name", ""), part=part))
        return list(found.values())

    def count_rows(self, sheet: Sheet) -> int:
        """Count the rows that a sheet writes down, quickly; some may be empty."""
        mark = re.compile(rb"<(?:\w+:)?row[\s>/]")
        found, tail = 0, b""
        with self._open(sheet.part) as part:
            while block := part.read(BLOCK):
                # The tail is too short to hold a whole mark, so nothing is counted twice.
                whole = tail + block
                cut = whole.rfind(b"<")
                cut = cut if len(whole) - cut < BLOCK and cut > 0 else len(whole)
                found += len(mark.findall(whole, 0, cut))
                tail = whole[cut:]
        return found + len(mark.findall(tail))

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, dict[int, str]]]:
        """Yield the number of each row that holds something, and its cells by place."""
        reader = SheetRows(self._shared_strings(), self._styles(), self._epoch)
        with self._open(sheet.part) as part:
            parser = xml_parser(reader.start, reader.end, reader.text)
            while block := part.read(BLOCK):
                parser.Parse(block, False)
                yield from reader.taken()
            parser.Parse(b"", True)
        yield from reader.taken()

    def _shared_strings(self) -> list[str]:
        if self._strings is None:
            reader = SharedStrings()
            if "xl/sharedstrings.xml" in self._names:
                with self._open("xl/sharedstrings.xml") as part:
                    parser = xml_parser(reader.start, reader.end, reader.text)
                    while block := part.read(BLOCK):
                        parser.Parse(block, False)
                    parser.Parse(b"", True)
            self._strings = reader.strings
        return self._strings

    def _styles(self) -> frozenset[int]:
        """Return the places of the cell styles that show a day or a time."""
        if self._day_styles is None:
            formats: dict[int, bool] = {}
            styles: list[int] = []
            inside = False
            for tag, attributes in self._small("xl/styles.xml"):
                if tag == "numFmt":
                    code = _LITERALS.sub("", attributes.get("formatCode", ""))
                    formats[number_of(attributes.get("numFmtId"))] = bool(_DAY_LETTERS.search(code))
                elif tag in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                    inside = tag == "cellXfs"
                elif tag == "xf" and inside:
                    styles.append(number_of(attributes.get("numFmtId")))
            self._day_styles = frozenset(
                place for place, number in enumerate(styles) if formats.get(number, number in DAY_FORMATS)
            )
        return self._day_styles

    def _small(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Return the elements of a small part, in order; none when it is not there."""
        elements: list[tuple[str, dict[str, str]]] = []
        if name not in self._names:
            return elements
        with self._open(name) as part:
            data = part.read(MAX_PART + 1)
        if len(data) > MAX_PART:
            raise UnpackedTooLarge(limit="8 MiB")
        parser = xml_parser(
            lambda tag, listed: elements.append((local_name(tag), attributes_of(listed))),
            lambda _: None,
            lambda _: None,
        )
        parser.Parse(data, True)
        return elements

    def _open(self, part: str) -> IO[bytes]:
        return self._archive.open(self._names[part])
