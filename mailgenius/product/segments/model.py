"""Rows and answers of segments. The tree itself is in tree.py. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgenius.kit.errors import Problem
from mailgenius.product.leads.model import Lead

MAX_SEGMENTS = 1_000
"""Segments of one workspace that are not archived."""
MAX_NAME = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A stored segment."""

    id: int
    name: str
    tree: dict[str, Any]
    uses: tuple[int, ...]
    version: int
    members: int | None
    """When they were last counted one by one; None: never, or the tree has changed since."""
    counted_at: datetime | None
    counting: bool
    """A count is under way."""
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignOrder:
    """What the engine was asked to send for a campaign."""

    campaign_id: int
    order_id: int
    name: str
    opened_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """How many leads are members."""

    members: int
    exact: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a tree means, while it is being built. With problems, the rest is empty."""

    problems: Sequence[Problem]
    estimate: Estimate | None
    sample: Sequence[Lead]
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberPage:
    """Members of a segment, newest first. A page may be short, even empty, while more follow."""

    items: Sequence[Lead]
    next_cursor: str | None
