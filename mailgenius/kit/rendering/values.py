"""What templates are given: plain values, cleaned once for all templates of a message."""

import re
from collections.abc import Mapping
from typing import Any, NewType

from minijinja import safe

LONGEST_VALUE = 20_000
"""Characters of one value that a template can see; the bounds on a render are built on it."""
MOST_ITEMS = 1_000
"""Entries of one list or map that a template can see."""
DEEPEST = 8

CleanValues = NewType("CleanValues", dict[str, Any])
"""Values without control characters and of bounded size, as `clean_values` makes them."""

# C0 and C1 controls except tab and line feed, and the line separators that some header readers break at.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean_values(values: Mapping[str, Any]) -> CleanValues:
    """Return a copy that is safe to render: no control characters, bounded sizes, plain types only."""
    return CleanValues({key: _clean(value, DEEPEST) for key, value in values.items()})


def safe_url(url: str) -> Any:
    """Mark an address that we made as needing no HTML escape, so that it stays readable in a source."""
    return safe(url)


def _clean(value: Any, depth: int) -> Any:
    if type(value) is str:
        if not value.isprintable() and _CONTROLS.search(value):
            value = _CONTROLS.sub("", value)
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE]
    kind = type(value)
    # Plain maps and lists are many; asking whether it is a map of another kind costs the most.
    if value is None or (
        kind is not dict
        and kind is not list
        and (isinstance(value, int | float) or hasattr(value, "__html__"))
    ):
        return value
    if not depth:
        return None
    if kind is dict or isinstance(value, Mapping):
        return {str(key): _clean(each, depth - 1) for key, each in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple):
        return [_clean(each, depth - 1) for each in value[:MOST_ITEMS]]
    return _clean(str(value), depth)
