"""Several files of the same columns as one table: they are read one after the other, lines counted on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import polars as pl

from mailgenius.product.imports.errors import ColumnsDiffer, UnreadableFile, UnreadableMember
from mailgenius.product.imports.files.table import LINE, Chunk, Table, cell_name
from mailgenius.product.imports.model import Reject, SourceFile
from mailgenius.product.leads import normalise


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One of the files: its name, and how it is opened each time that it is read."""

    name: str
    open: Callable[[], Table]


class JoinedTable:
    """Files that are one table. Columns may stand in another order in each, but must be the same."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._orders: list[tuple[int, ...]] = []
        self._rows: list[int] = []
        files: list[SourceFile] = []
        self.lines_total = 0
        for part in parts:
            with _named(part), closing(part.open()) as table:
                if not files:
                    self.columns, self.delimiter, self.encoding = (
                        table.columns,
                        table.delimiter,
                        table.encoding,
                    )
                self._orders.append(self._order(part.name, table.columns))
                self._rows.append(table.rows_total)
                files.append(SourceFile(name=part.name, lines_before=self.lines_total))
                self.lines_total += table.lines_total
        self.files = tuple(files)
        self.rows_total = sum(self._rows)

    def _order(self, name: str, columns: Sequence[str]) -> tuple[int, ...]:
        """Return where a file has each of our columns."""
        places = {column.casefold(): place for place, column in enumerate(columns)}
        ours = {column.casefold(): column for column in self.columns}
        for column in (*self.columns, *columns):
            if column.casefold() not in places.keys() & ours.keys():
                raise ColumnsDiffer(name=name, first=self._parts[0].name, column=normalise.shown(column))
        return tuple(places[column] for column in ours)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows of all files. The same files always fall into the same chunks."""
        number = read = 0
        for part, file, order, rows in zip(self._parts, self.files, self._orders, self._rows, strict=True):
            with _named(part), closing(part.open()) as table:
                for chunk in table.chunks():
                    done = (read + chunk.done * rows) / max(1, self.rows_total)
                    yield replace(_moved(chunk, order, file.lines_before), number=number, done=min(1.0, done))
                    number += 1
            read += rows

    def close(self) -> None:
        """Nothing is open between two chunks' files."""


def _moved(chunk: Chunk, order: Sequence[int], lines: int) -> Chunk:
    """Put a chunk's columns into our order and its lines behind those of the files before."""
    cells = [pl.col(cell_name(place)).alias(cell_name(ours)) for ours, place in enumerate(order)]
    return replace(
        chunk,
        rows=chunk.rows.select(pl.col(LINE) + lines, *cells),
        rejects=[
            Reject(
                line=reject.line + lines,
                reason=reject.reason,
                cells=tuple(reject.cells[place] for place in order)
                if len(reject.cells) == len(order)
                else reject.cells,
            )
            for reject in chunk.rejects
        ],
    )


class _named:  # noqa: N801  # Used as a statement, like `closing`.
    """Says in which file of an archive the trouble is."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, UnreadableFile) and not isinstance(error, ColumnsDiffer | UnreadableMember):
            raise UnreadableMember(name=self._part.name, reason=error.message) from error
