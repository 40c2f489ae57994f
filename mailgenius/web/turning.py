"""Turning the pages of a list that is paged by key: the address remembers the way back.

A key only says what comes next. So the address carries the cursors of the pages before, and "Previous" is an
ordinary link that works without scripts and can be shared.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from mailgenius.web.visits import PageRequest

CURSOR: Final = "cursor"
TRAIL: Final = "trail"

_SEPARATOR: Final = "~"
_FIRST: Final = "-"
_LONGEST_TRAIL: Final = 40


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The addresses of the neighbouring pages, as `ui.pager` wants them."""

    next_url: str | None
    prev_url: str | None


def turn(request: PageRequest, next_cursor: str | None) -> Turn:
    """Build the addresses from the filters of this page and the cursor that the service gave."""
    query = request.query_params
    filters = [
        (key, str(value)) for key, value in query.multi_items() if key not in {CURSOR, TRAIL} and value != ""
    ]
    here = str(query.get(CURSOR, "")) or _FIRST
    trail = [part for part in str(query.get(TRAIL, "")).split(_SEPARATOR) if part]
    path = request.url.path
    next_url = None
    if next_cursor:
        # A very long way back loses its first steps: the page then leads to the start.
        steps = [*trail, here][-_LONGEST_TRAIL:]
        next_url = _address(path, filters, next_cursor, steps)
    prev_url = None
    if here != _FIRST:
        back = trail[-1] if trail else _FIRST
        prev_url = _address(path, filters, "" if back == _FIRST else back, trail[:-1])
    return Turn(next_url=next_url, prev_url=prev_url)


def _address(path: str, filters: list[tuple[str, str]], cursor: str, trail: list[str]) -> str:
    query = [*filters]
    if cursor:
        query.append((CURSOR, cursor))
    if trail:
        query.append((TRAIL, _SEPARATOR.join(trail)))
    return f"{path}?{urlencode(query)}" if query else path
