"""What every kind of file is read as: named columns, and chunks of rows with their lines."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import polars as pl

from mailgenius.product.imports.errors import EmptyFile, NoHeader, TooManyColumns
from mailgenius.product.imports.model import MAX_COLUMNS, Reject, SourceFile, nameless
from mailgenius.product.leads import normalise

LINE = "n"
"""Name of the column that holds each row's line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Some rows of a file. The same file always falls into the same chunks."""

    number: int
    rows: pl.DataFrame
    """LINE, and one text column `c0`, `c1` … for each column of the file. Missing cells are empty."""
    rejects: Sequence[Reject]
    """Rows that are not rows: ragged, badly quoted, undecodable."""
    done: float
    """Which part of the file is read when this chunk is, from 0 to 1."""


class Table(Protocol):
    """A file that is open as a table."""

    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    files: tuple[SourceFile, ...]
    """What it was put together from, when that is more than one file."""

    @property
    def rows_total(self) -> int:
        """How many rows it has, or a few more."""

    @property
    def lines_total(self) -> int:
        """No line has a higher number."""

    def chunks(self) -> Iterator[Chunk]: ...

    def close(self) -> None: ...


def cell_name(place: int) -> str:
    return f"c{place}"


def head_of(table: Table, rows: int) -> list[tuple[str, ...]]:
    """Return the cells of the first rows."""
    chunk = next(table.chunks(), None)
    return [] if chunk is None else chunk.rows.drop(LINE).head(rows).rows()


def empty_rows(width: int) -> pl.DataFrame:
    """Return a frame of no rows with the schema of a chunk."""
    return pl.DataFrame(schema={LINE: pl.Int64, **{cell_name(place): pl.String for place in range(width)}})


def checked_header(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the column names. A column without one is called by its place, a second of a name gets a number.

    Raises:
        UnreadableFile: there is no name, there are too many, or the line is data.
    """
    names = tuple(unicodedata.normalize("NFC", cell).strip().strip("\ufeff") for cell in cells)
    if not any(names):
        raise EmptyFile
    if len(names) > MAX_COLUMNS:
        raise TooManyColumns(count=len(names), limit=MAX_COLUMNS)
    for name in names:
        if _is_data(name):
            raise NoHeader(value=normalise.shown(name))
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    found = []
    for place, given in enumerate(names):
        name = given or nameless(place)
        if name.casefold() in seen:
            name = next(free for n in count(2) if (free := f"{name} {n}").casefold() not in taken | seen)
        seen.add(name.casefold())
        found.append(name)
    return tuple(found)


def _is_data(name: str) -> bool:
    try:
        normalise.email(name)
    except ValueError:
        return False
    return True
