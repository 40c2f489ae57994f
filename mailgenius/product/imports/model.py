"""Rows and choices of imports. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Basis
from mailgenius.product.leads.model import FieldType, LeadField, Mode

MAX_FILE_BYTES = 2 << 30
MAX_COLUMNS = 300
MANY_REJECTS = 100_000
"""A file with so many rejected rows, and fewer good ones, is given up: something is wrong with all of it."""
AMERICAN_ZONES = frozenset(
    {
        *("America/New_York", "America/Detroit", "America/Chicago", "America/Denver", "America/Phoenix"),
        *("America/Los_Angeles", "America/Boise", "America/Anchorage", "America/Juneau", "Pacific/Honolulu"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A file of an archive whose files are imported one after the other."""

    name: str
    lines_before: int
    """Its first line is the one after so many lines of the files before it."""


def place_of(files: Sequence[SourceFile], line: int) -> str:
    """Return a line as people find it: its number, with the name of its file when there are several."""
    for file in reversed(files):
        if line > file.lines_before:
            return f"{file.name}:{line - file.lines_before}"
    return str(line)


def nameless(place: int) -> str:
    """Return what a column is called whose header is empty, by its place from 0."""
    return f"column {place + 1}"


def is_month_first_usual(*, locale: str, timezone: str) -> bool:
    """Return whether people of a workspace write the month first, as in the United States."""
    american = timezone in AMERICAN_ZONES or timezone.startswith(
        ("US/", "America/Indiana/", "America/Kentucky/")
    )
    return american and locale.startswith("en")


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
    dry_run: bool
    """It counts what would happen, and writes no leads."""
    mode: Mode
    file_key: str
    file_name: str
    file_size: int
    mapping: dict[str, str] | None
    """Header to target; None until the columns are guessed by the run."""
    columns: tuple[str, ...]
    files: tuple[SourceFile, ...]
    """The files of an archive, when there are several."""
    month_first: tuple[str, ...]
    """Columns whose days are written month first; known once it runs."""
    new_fields: tuple[LeadField, ...]
    """Custom fields that it makes, beside the plain texts of columns that name an unknown one."""
    tags: tuple[str, ...]
    consent_source: str
    consent_basis: Basis | None
    """The legal basis of the whole file; None: nothing is recorded but what its columns say."""
    consent_channels: tuple[str, ...]
    """What that basis is about."""
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
    consent_basis: Basis | None = None
    consent_channels: tuple[str, ...] = (Channel.EMAIL,)
    created_by: int | None
    new_fields: tuple[LeadField, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OldTry:
    """An import that was tried, and its file, which nobody came back for."""

    workspace_id: int
    import_id: int
    file_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """A row that was not taken in, as it stood in the file."""

    line: int
    """The physical line, the header being line 1; in a spreadsheet, the row. See `place_of`."""
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
    files: Sequence[str] = ()
    """The files of an archive, when there are several."""
    month_first: Mapping[str, bool] = field(default_factory=dict)
    """For each column that holds days such as 05/06/2026: whether the month is read first."""
    guessed_types: Mapping[str, FieldType] = field(default_factory=dict)
    """What the first values of each column suggest, for a custom field made of it."""
    seen_choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The different values of columns that repeat a few."""
