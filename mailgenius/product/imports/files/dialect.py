"""Finds out how a text file of rows is written: encoding, line ends, delimiter, header."""

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from mailgenius.product.imports.errors import NotATable

HEAD = 256 << 10
BLOCK = 1 << 20
DELIMITERS = ",;\t|"
SAMPLE_ROWS = 30
SAMPLE_CHARS = 20_000
MAX_CONTROL_SHARE = 0.02
WIDE_SHARE = 0.3
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How a file is written."""

    encoding: str
    newline: str
    delimiter: str
    bom: int
    """Bytes to leave out at the beginning."""
    skip: int
    """Lines above the header: 1 for the `sep=;` line of spreadsheets."""

    @property
    def needs_rewriting(self) -> bool:
        """Whether the file cannot be cut at line feeds as it is."""
        return self.encoding.startswith("utf-16") or self.newline == "\r"

    def rewritten(self) -> "Dialect":
        # A byte-order mark of UTF-16 is copied as one of UTF-8.
        return replace(self, encoding="utf-8", newline="\n", bom=3 if self.bom else 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What one look at the whole file tells."""

    lines: int
    size: int
    longest: int
    """Bytes of the longest line, or more."""


def find_dialect(path: Path, head: bytes) -> Dialect:
    """Judge a file by its beginning, and its encoding by the whole.

    Raises:
        NotATable: it is not text.
    """
    bom, encoding = next(((len(mark), name) for mark, name in BOMS if head.startswith(mark)), (0, ""))
    encoding = encoding or _wide_encoding(head) or _narrow_encoding(path)
    text = head[bom:].decode(encoding, "replace")
    strange = sum(char < " " and char not in "\t\r\n\f" for char in text[:SAMPLE_CHARS])
    if strange > MAX_CONTROL_SHARE * min(len(text), SAMPLE_CHARS):
        raise NotATable
    newline = "\n" if "\n" in text or "\r" not in text else "\r"
    text = text.replace("\r\n", "\n")
    lines = text.split(newline) if newline == "\r" else text.replace("\r", " ").split("\n")
    if len(head) == HEAD:
        lines.pop()  # It may be cut off.
    first = lines[0].strip() if lines else ""
    skip = 1 if first.lower().startswith("sep=") and len(first) == len("sep=;") else 0
    delimiter = first[-1] if skip and first[-1] in DELIMITERS else _delimiter(lines[skip:])
    return Dialect(encoding=encoding, newline=newline, delimiter=delimiter, bom=bom, skip=skip)


def _wide_encoding(head: bytes) -> str:
    """Recognise UTF-16 without a byte-order mark by its zero bytes: text has them on one side."""
    half = max(1, len(head) // 2)
    if head[1::2].count(0) / half > WIDE_SHARE:
        return "utf-16-le"
    if head[0::2].count(0) / half > WIDE_SHARE:
        return "utf-16-be"
    return ""


def _narrow_encoding(path: Path) -> str:
    """Choose UTF-8, or Windows-1252 when more of what is not ASCII contradicts UTF-8 than speaks for it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            if block.isascii():
                continue
            broken = text.count("\ufffd")
            bad += broken
            # When nothing is broken, that there was something is all that is asked.
            good += 1 if not broken else sum(char > "\x7f" for char in text) - broken
    return "utf-8" if good * 2 >= bad else "cp1252"


def survey(path: Path) -> Survey:
    """Count the lines, and find out how long the longest may be."""
    lines = size = longest = current = 0
    last = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            size += len(block)
            last = block[-1:]
            found = block.count(b"\n")
            lines += found
            if not found:
                current += len(block)
                longest = max(longest, current)
                continue
            # Inside a block no line is longer than the block: only what spans blocks can be too long.
            longest = max(longest, current + block.find(b"\n"))
            current = len(block) - block.rfind(b"\n") - 1
    longest = max(longest, current)
    return Survey(lines=lines + (0 if last == b"\n" else 1), size=size, longest=longest)


def _delimiter(lines: Sequence[str]) -> str:
    """Choose the delimiter that cuts the first rows into the most even and most numerous cells."""
    sample = [line for line in lines[:SAMPLE_ROWS] if line.strip()]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    try:
        rows = [
            row
            for row in islice(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), SAMPLE_ROWS)
            if row
        ]
    except csv.Error:
        return (0.0, 0)
    if not rows or len(rows[0]) == 1:
        return (0.0, 0)
    width = len(rows[0])
    return (sum(len(row) == width for row in rows) / len(rows), width)
