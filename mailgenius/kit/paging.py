"""Key-set paging: a page of rows and an opaque cursor to the next one. Never OFFSET."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from mailgenius.kit.errors import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
LARGEST_ID = 2**63 - 1
"""What a bigint holds."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the next page when there is one."""

    items: Sequence[T]
    next_cursor: str | None = None


def encode_cursor(*key: str | float | None) -> str:
    """Pack the sort key of the last row shown."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str | None, types: type[T]) -> T | None:
    """Unpack a cursor into a tuple of the given type, such as `tuple[int]`.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key = msgspec.json.decode(raw, type=types)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise invalid("cursor", "is not a cursor from this list") from error
    if isinstance(key, tuple) and not all(map(_storable, key)):
        raise invalid("cursor", "is not a cursor from this list")
    return key


def _storable(part: object) -> bool:
    """Say whether the database can hold a part of a key: whoever makes a cursor up may put anything there."""
    if isinstance(part, int):
        return abs(part) <= LARGEST_ID
    return not (isinstance(part, str) and "\0" in part)


def checked_limit(limit: int | None) -> int:
    """Return a page size between 1 and 500; 50 when none is asked for."""
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid("limit", f"must be between 1 and {MAX_LIMIT}")
    return limit


def page_of(
    rows: Sequence[T], *, limit: int, key: Callable[[T], tuple[str | int | float | None, ...]]
) -> Page[T]:
    """Cut `limit + 1` fetched rows into a page: the extra row only says that more follow."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode_cursor(*key(items[-1])) if more and items else None)
