"""The look into a file before its import: columns, first rows, a guess of what is what. No database."""

from contextlib import closing
from pathlib import Path
from typing import IO

from mailgenius.product.imports.date_orders import is_month_first
from mailgenius.product.imports.files.opening import open_beginning
from mailgenius.product.imports.files.table import LINE, cell_name, empty_rows
from mailgenius.product.imports.mapping import guess_mapping
from mailgenius.product.imports.model import Preview
from mailgenius.product.imports.new_fields import guessed_type, seen_choices

PREVIEW_ROWS = 5
GUESS_ROWS = 50
TYPE_ROWS = 500


def look_into(source: IO[bytes], *, scratch: Path, month_first: bool) -> Preview:
    """Look into a file without reading more of it than that takes.

    Args:
        source: the file, wherever it is.
        scratch: an empty folder.
        month_first: how days are read that fit both ways.

    Raises:
        UnreadableFile: it is not a table; the message tells a person why.
    """
    size = source.seek(0, 2)
    source.seek(0)
    with closing(open_beginning(source, size=size, scratch=scratch)) as table:
        chunk = next(table.chunks(), None)
        rows = empty_rows(len(table.columns)) if chunk is None else chunk.rows
        cells = rows.drop(LINE).head(GUESS_ROWS).rows()
        orders = {
            name: is_month_first(rows[cell_name(place)], usual=month_first)
            for place, name in enumerate(table.columns)
        }
        columns = {
            name: rows[cell_name(place)].head(TYPE_ROWS).to_list() for place, name in enumerate(table.columns)
        }
        return Preview(
            columns=table.columns,
            rows=cells[:PREVIEW_ROWS],
            guessed_mapping=guess_mapping(table.columns, cells),
            delimiter=table.delimiter,
            encoding=table.encoding,
            files=[file.name for file in table.files],
            month_first={name: order for name, order in orders.items() if order is not None},
            guessed_types={name: guessed_type(values) for name, values in columns.items()},
            seen_choices={name: seen_choices(values) for name, values in columns.items()},
        )
