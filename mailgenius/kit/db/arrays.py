"""Lists of numbers and texts as parameters, written at once.

The driver writes a list item by item, looks at each before, and finds the type of the whole; for a window's
addresses that took longer than sending them. Here a list goes as one text, whose type is what the statement
casts it to: all of ours do. Lists of anything else are left to the driver.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection, DataError
from psycopg.abc import Buffer, DumperKey
from psycopg.adapt import PyFormat
from psycopg.types.array import ListDumper


class QuickListDumper(ListDumper):
    """Writes lists that hold numbers only, or texts only."""

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002  # The driver's name.
        return self.cls if _written(obj) else super().get_key(obj, format)

    def dump(self, obj: list[Any]) -> Buffer | None:
        kind = None if self.sub_dumper else _written(obj)
        if kind is int:
            return f"{{{','.join(map(str, obj))}}}".encode()
        return _texts(obj).encode() if kind is str else super().dump(obj)


async def write_lists_quickly(connection: AsyncConnection[Any]) -> None:
    """Have a connection of the pool use this."""
    connection.adapters.register_dumper(list, QuickListDumper)


def _written(values: Sequence[Any]) -> type | None:
    """Return the type of all values, when it is one that can be written here."""
    kinds = set(map(type, values))
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind is int or kind is str else None


def _texts(values: Sequence[str]) -> str:
    together = "".join(values)
    if "\0" in together:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    if '"' in together or "\\" in together:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}'
