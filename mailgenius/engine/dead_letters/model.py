"""What is done with dead letters, and what people are told of them. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailgenius.engine.ledger.dead import DeadFilter, DeadLetter
from mailgenius.engine.ledger.takings import Attempt

MOST_AT_ONCE = 1000
"""Dead letters that one call names. More go by a filter, as a run."""


class Act(StrEnum):
    """What a person did with a dead letter."""

    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What happened, and what to do: English message ids, translated by the pages."""

    meaning: str
    remedy: str
    repeats: bool = False
    """Replayed, it may arrive a second time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastAct:
    """What was done with an earlier failure of the same message."""

    attempt: int
    act: Act
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """A dead letter with all that is known of it."""

    letter: DeadLetter
    attempts: tuple[Attempt, ...]
    acts: tuple[PastAct, ...]
    advice: Advice


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a call did. Skipped ones were dealt with by others, or belong to a cancelled campaign."""

    done: int
    skipped: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A replay or discarding of all that match a filter, worked off in steps."""

    id: int
    act: Act
    filter: dict[str, Any]
    after_id: int
    done: int
    skipped: int
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None


__all__ = [
    "MOST_AT_ONCE",
    "Act",
    "Advice",
    "DeadFilter",
    "DeadLetter",
    "Done",
    "Explanation",
    "PastAct",
    "Run",
]
