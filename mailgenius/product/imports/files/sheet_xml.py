"""What stands in the XML of a spreadsheet: shared strings, rows, cells as the text that a person sees.

Walked through as it streams. Where the parts are is workbook.py's. Whoever made the file may be hostile: no
document types, no text longer than a cell may be, nothing beyond the last column that an import takes.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.parsers import expat

from mailgenius.product.imports.errors import BrokenSpreadsheet, TooManyColumns, UnpackedTooLarge
from mailgenius.product.imports.model import MAX_COLUMNS

MAX_STRINGS = 4 << 20
MAX_STRING_CHARS = 128 << 20
MAX_ROW = 1 << 20
"""The last row that a spreadsheet has."""
MAX_CELL = 32_767
"""Characters that a spreadsheet lets a cell have."""
EXACT_DIGITS = 15
"""Whole numbers up to here are exact in a spreadsheet, so they are written without a point."""
FIRST_LEAP_DAY = 60
"""Spreadsheets believe that 1900 had a 29th of February: days before it are one off."""
EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001  # They know no zones.
_LETTERS = re.compile(r"[A-Za-z]{1,3}")


class SharedStrings:
    """Gathers the shared strings. Phonetic readings beside a text are not part of it."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._pieces: list[str] = []
        self._chars = 0
        self._reading = self._phonetic = False

    def start(self, tag: str, _: list[str]) -> None:
        tag = local_name(tag)
        if tag == "t":
            self._reading = not self._phonetic
        elif tag == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        if self._reading:
            self._pieces.append(text)
            self._chars += len(text)
            if self._chars > MAX_STRING_CHARS:
                raise UnpackedTooLarge(limit="128 MiB")

    def end(self, tag: str) -> None:
        tag = local_name(tag)
        if tag == "t":
            self._reading = False
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "si":
            self.strings.append("".join(self._pieces)[:MAX_CELL])
            self._pieces.clear()
            if len(self.strings) > MAX_STRINGS:
                raise UnpackedTooLarge(limit="128 MiB")


class SheetRows:
    """Gathers the rows of a sheet while a parser walks through it."""

    def __init__(self, strings: Sequence[str], days: frozenset[int], epoch: datetime) -> None:
        self._shared = strings
        self._days = days
        self._epoch = epoch
        self._done: list[tuple[int, dict[int, str]]] = []
        self._row = 0
        self._cells: dict[int, str] = {}
        self._place = -1
        self._kind = ""
        self._style = 0
        self._pieces: list[str] = []
        self._size = 0
        self._reading = self._phonetic = False

    def taken(self) -> list[tuple[int, dict[int, str]]]:
        """Return the rows that are whole since the last call."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, listed: list[str]) -> None:
        if ":" in tag:
            tag = local_name(tag)
        if tag == "c":
            self._begin_cell(listed)
        elif tag == "v" or tag == "t":  # noqa: PLR1714  # This runs for every cell: two comparisons are quickest.
            self._reading = not self._phonetic
        elif tag == "row":
            self._row = number_of(attributes_of(listed).get("r")) or self._row + 1
            if self._row > MAX_ROW:
                raise BrokenSpreadsheet
            self._cells, self._place = {}, -1
        elif tag == "rPh":
            self._phonetic = True

    def _begin_cell(self, listed: list[str]) -> None:
        self._kind, self._style, place = "n", 0, self._place + 1
        for name, value in zip(listed[::2], listed[1::2], strict=True):
            if name == "r":
                place = _place(value)
            elif name == "t":
                self._kind = value
            elif name == "s":
                self._style = number_of(value)
        self._place = place
        self._pieces.clear()
        self._size = 0

    def text(self, text: str) -> None:
        if self._reading and self._size <= MAX_CELL:
            self._pieces.append(text)
            self._size += len(text)

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = local_name(tag)
        if tag == "v" or tag == "t":  # noqa: PLR1714  # See above.
            self._reading = False
        elif tag == "c":
            if self._pieces and (value := self._value("".join(self._pieces))):
                if self._place >= MAX_COLUMNS:
                    raise TooManyColumns(count=self._place + 1, limit=MAX_COLUMNS)
                self._cells[self._place] = value
        elif tag == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
        elif tag == "rPh":
            self._phonetic = False

    def _value(self, raw: str) -> str:
        kind = self._kind
        if kind == "s":
            place = number_of(raw)
            return self._shared[place] if place < len(self._shared) else ""
        if kind == "n" or kind == "":  # noqa: PLR1714  # See above.
            return self._days_or_number(raw)
        if kind == "b":
            return "true" if raw == "1" else "false"
        return "" if kind == "e" else raw[:MAX_CELL]

    def _days_or_number(self, raw: str) -> str:
        if self._style in self._days:
            return _moment(raw, self._epoch)
        if raw.isdigit():
            return raw
        try:
            number = float(raw)
        except ValueError:
            return raw
        whole = number.is_integer() and abs(number) < 10**EXACT_DIGITS
        return str(int(number)) if whole else repr(number)


def xml_parser(
    start: Callable[[str, list[str]], None], end: Callable[[str], None], text: Callable[[str], None]
) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_: Any) -> None:
    """A document type may define texts that grow without end; no spreadsheet program writes one."""
    raise BrokenSpreadsheet


def local_name(tag: str) -> str:
    return tag.rpartition(":")[2]


def attributes_of(listed: Sequence[str]) -> dict[str, str]:
    return {local_name(name): value for name, value in zip(listed[::2], listed[1::2], strict=True)}


def number_of(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= EXACT_DIGITS else 0


def _place(reference: str) -> int:
    """Return the place of a cell such as `AB12`, from 0."""
    found = _LETTERS.match(reference)
    if not found:
        raise BrokenSpreadsheet
    place = 0
    for letter in found[0].upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def _moment(raw: str, epoch: datetime) -> str:
    """Return the day or time that a number of days stands for; the number itself when it is none."""
    try:
        days = float(raw)
        seconds = round(days * 86_400)
        late = 1 if days < FIRST_LEAP_DAY and epoch == EPOCHS[False] else 0
        when = epoch + timedelta(days=late, seconds=seconds)
    except (ValueError, OverflowError):
        return raw
    if 0 <= days < 1:
        return when.strftime("%H:%M:%S")
    return when.date().isoformat() if seconds % 86_400 == 0 else when.isoformat(sep=" ")
