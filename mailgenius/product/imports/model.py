"""Rows and choices of imports. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailgenius.product.leads.model import Mode

MAX_FILE_BYTES = 2 << 30
MAX_COLUMNS = 300


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = frozenset({ImportState.QUEUED, ImportState.RUNNING})
"""States that an import can still leave."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """A stored import and how far it is."""

    id: int
    state: ImportState
    mode: Mode
    file_key: str
    file_name: str
    file_size: int
    mapping: dict[str, str] | None
    """Header to target; None until the columns are guessed by the run."""
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    consent_source: str
    chunks_done: int
    parts_done: int
    bytes_read: int
    rows_total: int | None
    """How many rows the file has: an estimate while it runs, since records may span lines."""
    rows_read: int
    rows_created: int
    rows_updated: int
    rows_unchanged: int
    rows_rejected: int
    error: str
    created_by: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of the file is done, for progress bars."""
        if self.state is ImportState.DONE:
            return 100
        return min(99, self.bytes_read * 100 // self.file_size) if self.file_size else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NewImport:
    """What a caller says to start an import."""

    file_key: str
    file_name: str
    file_size: int
    mapping: dict[str, str] | None
    mode: Mode
    tags: tuple[str, ...]
    consent_source: str
    created_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """A row that was not taken in, as it stood in the file."""

    line: int
    """The physical line, the header being line 1; in a spreadsheet, the row."""
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What became of some rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def read(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The beginning of a file, for the screen that maps its columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """The first five rows."""
    guessed_mapping: dict[str, str]
    delimiter: str
    """Empty for a spreadsheet."""
    encoding: str
    """Empty for a spreadsheet."""
