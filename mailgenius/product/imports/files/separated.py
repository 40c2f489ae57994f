"""Reads rows out of delimited text, chunk by chunk, so that a bad line costs itself only.

Lines without a quote, which most are, are cut by whole columns; the others one by one. A record may span
lines when it is well quoted. When it is not, only its first line is given up and reading goes on at the next
one, so a forgotten quote cannot swallow the rest of the file.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os import SEEK_CUR
from pathlib import Path

import polars as pl

from mailgenius.product.imports.errors import EmptyFile, UnreadableFile
from mailgenius.product.imports.files.dialect import Dialect, Survey
from mailgenius.product.imports.files.line_cells import LineCells, first_cells, raggedness
from mailgenius.product.imports.files.table import LINE, Chunk, cell_name, checked_header, empty_rows
from mailgenius.product.imports.model import Reject, SourceFile

CHUNK_BYTES = 3 << 20
"""Enough rows to make set-based merging worth while, few enough to hold twice."""
CHUNK_LINES = 200_000
"""Very short lines are a chunk as well: a rejected one takes a hundred times its bytes."""
MAX_LINE = 1 << 20
MAX_SPAN = 500
"""Lines that one record may span."""

UNDECODABLE = "the line is not written in {encoding}: byte {position} does not belong"
TOO_LONG = "the line is longer than 1 MiB"
BAD_QUOTES = "a quote in this line is not closed, or not doubled"


@dataclass(slots=True)
class Lines:
    """Physical lines of a chunk. A line that cannot be used is None and has its reject already."""

    first: int
    texts: list[str | None] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    quoted: bool = True
    """Whether any line holds a quote."""


class SeparatedFile:
    """A text file of rows."""

    files: tuple[SourceFile, ...] = ()

    def __init__(self, path: Path, dialect: Dialect, survey: Survey) -> None:
        self.delimiter = dialect.delimiter
        self.encoding = dialect.encoding
        self._survey = survey
        self._file = path.open("rb")
        self._next_line = 1
        try:
            self._file.seek(dialect.bom)
            for _ in range(dialect.skip):
                self._file.readline(MAX_LINE)
                self._next_line += 1
            self.columns = checked_header(self._header())
        except UnreadableFile:
            self._file.close()
            raise
        self._cells = LineCells(self.delimiter, len(self.columns))
        self._body = (self._file.tell(), self._next_line)
        self.rows_total = max(0, survey.lines - self._next_line + 1)
        self.lines_total = survey.lines

    def close(self) -> None:
        self._file.close()

    def _header(self) -> list[str]:
        """Read the cells of the first line that says something; it may span lines when it is quoted.

        Where its quotes come to nothing, such as the sign of an inch, it is the line alone.
        """
        text, alone = "", None
        for _ in range(MAX_SPAN):
            line = self._file.readline(MAX_LINE)
            self._next_line += 1
            # A carriage return that ends no line is a blank in a name.
            line_text = line.decode(self.encoding, "replace").replace("\r\n", "\n").replace("\r", " ")
            text = (text + line_text).lstrip(" \n")
            if alone is None and text.strip():
                alone = (text, self._file.tell(), self._next_line)
            if not line or (text.strip() and text.count('"') % 2 == 0):
                break
        if alone is None:
            raise EmptyFile
        with suppress(csv.Error):
            if text.count('"') % 2 == 0:
                return first_cells(text.rstrip("\n"), self.delimiter)
        text, place, self._next_line = alone
        self._file.seek(place)
        return first_cells(text.rstrip("\n"), self.delimiter)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows. Chunks depend on the file alone, so a second reading finds the same ones."""
        offset, self._next_line = self._body
        self._file.seek(offset)
        number = 0
        carried: list[str | None] = []
        while True:
            lines = self._read(carried)
            last = self._file.tell() >= self._survey.size
            if not lines.texts and not lines.rejects:
                return
            rows, carried = self._rows(lines, last=last)
            self._next_line -= len(carried)
            yield Chunk(
                number=number,
                rows=rows,
                rejects=sorted(lines.rejects, key=lambda reject: reject.line),
                done=self._file.tell() / max(1, self._survey.size),
            )
            number += 1
            if last and not carried:
                return

    def _read(self, carried: list[str | None]) -> Lines:
        lines = Lines(first=self._next_line)
        raw = self._raw_lines()
        block = b"".join(raw)
        lines.quoted = bool(carried) or b'"' in block
        try:
            texts: list[str | None] = list(block.decode(self.encoding).replace("\r\n", "\n").split("\n"))
            if texts[-1] == "":
                texts.pop()  # After the last line feed there is no line.
        except UnicodeDecodeError:
            texts = [self._decoded(line, lines, place + len(carried)) for place, line in enumerate(raw)]
        if self._survey.longest > MAX_LINE:
            texts = [self._short(text, lines, place + len(carried)) for place, text in enumerate(texts)]
        lines.texts = carried + texts
        self._next_line += len(lines.texts)
        return lines

    def _raw_lines(self) -> list[bytes]:
        usual = -(-self._survey.size // self._survey.lines)
        if self._survey.longest <= MAX_LINE:
            lines = self._file.readlines(min(CHUNK_BYTES, CHUNK_LINES * usual))
            if len(lines) > CHUNK_LINES:
                self._file.seek(-sum(map(len, lines[CHUNK_LINES:])), SEEK_CUR)
            return lines[:CHUNK_LINES]
        lines = []
        size = 0
        while size < CHUNK_BYTES and len(lines) < CHUNK_LINES and (line := self._file.readline(MAX_LINE + 1)):
            size += len(line)
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._file.readline(MAX_LINE)  # Read over the rest of a line that nobody typed.
                size += len(rest)
            lines.append(line if line.endswith(b"\n") else line + b"\n")
        return lines

    def _decoded(self, line: bytes, lines: Lines, place: int) -> str | None:
        try:
            return line.decode(self.encoding).rstrip("\r\n")
        except UnicodeDecodeError as error:
            text = line.decode(self.encoding, "replace").rstrip("\r\n")
            name = "Windows-1252" if self.encoding == "cp1252" else "UTF-8"
            reason = UNDECODABLE.format(encoding=name, position=error.start + 1)
            lines.rejects.append(self._reject(lines.first + place, reason, text))
            return None

    def _short(self, text: str | None, lines: Lines, place: int) -> str | None:
        if text is None or len(text) <= MAX_LINE // 4:
            return text
        lines.rejects.append(self._reject(lines.first + place, TOO_LONG, text[:1000]))
        return None

    def _rows(self, lines: Lines, *, last: bool) -> tuple[pl.DataFrame, list[str | None]]:
        """Cut lines into cells; return the rows, and the lines to keep for the next chunk."""
        records: list[tuple[int, list[str]]] = []
        carried: list[str | None] = []
        texts = lines.texts
        if lines.quoted:
            texts = list(texts)
            quoted = [place for place, text in enumerate(texts) if text is not None and '"' in text]
            if not self._all_quoted(texts, quoted, lines, records):
                carried = self._quoted(texts, quoted, lines, records, last=last)
        plain = self._plain(texts[: len(texts) - len(carried)], lines)
        if not records:
            return plain, carried
        return pl.concat([plain, self._frame(records)]).sort(LINE), carried

    def _plain(self, texts: Sequence[str | None], lines: Lines) -> pl.DataFrame:
        width = len(self.columns)
        frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).with_row_index(LINE, lines.first)
        frame = frame.filter(pl.col("text").str.strip_chars() != "").with_columns(
            pl.col(LINE).cast(pl.Int64),
            pl.col("text").str.count_matches(self.delimiter, literal=True).alias("found") + 1,
        )
        frame = self._cells.without_surplus(frame)
        ragged = frame.filter(pl.col("found") != width)
        for line, text, found in ragged.iter_rows():
            lines.rejects.append(self._reject(line, raggedness(found, width=width), text))
        frame = frame.filter(pl.col("found") == width)
        if frame.is_empty():
            return empty_rows(width)
        if width == 1:
            return frame.select(LINE, pl.col("text").alias(cell_name(0)))
        cells = frame["text"].str.split_exact(self.delimiter, width - 1).struct.unnest()
        cells.columns = [cell_name(place) for place in range(width)]
        return cells.insert_column(0, frame[LINE])

    def _all_quoted(
        self,
        texts: list[str | None],
        quoted: Sequence[int],
        lines: Lines,
        records: list[tuple[int, list[str]]],
    ) -> bool:
        """Read the lines that hold quotes in one go, when each is a whole and proper record."""
        try:
            rows = list(self._cells.each(texts[place] or "" for place in quoted))
        except csv.Error:
            return False
        if len(rows) != len(quoted) or any(len(row) != len(self.columns) for row in rows):
            return False
        records.extend(zip((lines.first + place for place in quoted), rows, strict=True))
        for place in quoted:
            texts[place] = None
        return True

    def _quoted(
        self,
        texts: list[str | None],
        quoted: Sequence[int],
        lines: Lines,
        records: list[tuple[int, list[str]]],
        *,
        last: bool,
    ) -> list[str | None]:
        """Read the records that hold quotes and blank their lines; return the lines to keep for later."""
        done = -1
        for place in quoted:
            text = texts[place]
            if place <= done or text is None:
                continue
            end, cells = self._record(texts, place)
            if end < 0 and not last and _may_span(texts[place:]):
                return texts[place:]  # The quote may be closed in the next chunk.
            if cells is None:
                lines.rejects.append(self._reject(lines.first + place, BAD_QUOTES, text))
                done = place
            elif len(cells) != len(self.columns):
                reason = raggedness(len(cells), width=len(self.columns))
                reject = Reject(line=lines.first + place, reason=reason, cells=tuple(cells))
                lines.rejects.append(reject)
                done = end
            else:
                records.append((lines.first + place, cells))
                done = end
            texts[place : done + 1] = [None] * (done + 1 - place)
        return []

    def _record(self, texts: Sequence[str | None], place: int) -> tuple[int, list[str] | None]:
        """Parse the record that begins at a line: its last line and its cells.

        None for cells that are badly quoted; an end of -1 when more lines might close the quote.
        """
        first = texts[place] or ""
        cells = self._cells.whole(first)
        if cells is not None:
            return place, cells
        if first.count('"') % 2 == 0:
            return place, None
        for end in range(place + 1, min(len(texts), place + MAX_SPAN)):
            text = texts[end]
            if text is None:
                return place, None
            if text.count('"') % 2:
                cells = self._cells.whole("\n".join(line or "" for line in texts[place : end + 1]))
                # A record over several lines must be right in every way; else its first line is the bad one.
                return (end, cells) if cells and len(cells) == len(self.columns) else (place, None)
        return -1, None

    def _frame(self, records: Sequence[tuple[int, list[str]]]) -> pl.DataFrame:
        columns = zip(*(cells for _, cells in records), strict=True)
        return pl.DataFrame(
            {
                LINE: pl.Series([line for line, _ in records], dtype=pl.Int64),
                **{cell_name(place): list(values) for place, values in enumerate(columns)},
            }
        )

    def _reject(self, line: int, reason: str, text: str) -> Reject:
        return Reject(line=line, reason=reason, cells=self._cells.seen(text))


def _may_span(texts: Sequence[str | None]) -> bool:
    """Whether lines are few and short enough to be the beginning of one record."""
    return len(texts) < MAX_SPAN and sum(len(text or "") for text in texts) < MAX_LINE
