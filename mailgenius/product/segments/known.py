"""What it takes, beside a tree itself, to compile it: other segments, orders, topics, the moment. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailgenius.product.preferences.model import Topic
from mailgenius.product.segments.model import CampaignOrder
from mailgenius.product.segments.tree import Group


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a tree may refer to."""

    trees: Mapping[int, Group]
    """The segments that it uses, and those that they use."""
    orders: Mapping[int, Sequence[CampaignOrder]]
    """What was sent for each campaign; one that was never launched is absent."""
    topics: Mapping[int, Topic]
    """What the workspace writes about, archived topics too."""
    timezone: str
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.timezone)).date()
