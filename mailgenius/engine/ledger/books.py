"""The books of the ledger: what was taken in beside what the counters and the rows say. Rows only."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailgenius.engine.ledger.model import MessageState


@dataclass(frozen=True, kw_only=True, slots=True)
class Imbalance:
    """Where two ways to count the same messages differ. There must be none."""

    workspace_id: int
    order_id: int
    what: str
    expected: int
    found: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Conservation:
    """The books: what was taken in, what the counters say and what the rows say, by state."""

    taken: int
    counted: Mapping[MessageState, int]
    found: Mapping[MessageState, int]
    imbalances: tuple[Imbalance, ...]

    @property
    def holds(self) -> bool:
        return not self.imbalances


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenBooks:
    """The books by the kept counters, of the orders that are under way or ended lately."""

    taken: int
    difference: int
    """By how many messages counters and totals differ, over all orders."""
    orders: int
    """How many orders are out of balance."""
