"""Rows and commands of exports. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mailgenius.product.leads.bulk_model import OPEN, BulkState, Match, Matching

BASE_COLUMNS = (
    "lead_id",
    "email",
    "phone",
    "external_id",
    "name",
    "status",
    "tags",
    "consent_at",
    "consent_source",
    "created_at",
    "updated_at",
)
USUAL_COLUMNS = BASE_COLUMNS[1:9]
"""What is written when nothing is chosen, with all custom fields: what an import of the file understands."""
FIELD = "fields."
"""Prefix of the columns of custom fields."""
KEPT = timedelta(days=7)
"""How long a file may be fetched."""
XLSX_LEADS = 1_048_575
"""Rows of a sheet, without its header."""
MAX_COLUMNS = 400


class Format(StrEnum):
    """What kind of file is written."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """An export and how far it is. Leads that came after it was asked for are left out."""

    id: int
    format: Format
    columns: tuple[str, ...]
    filter: dict[str, Any]
    segment_id: int | None
    state: BulkState
    total: int | None
    """Leads that matched when it was asked for; None: an earlier release did not count."""
    total_is_estimate: bool
    written: int
    file_size: int
    error: str
    after_id: int
    until_id: int
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    """Until when the file may be fetched; None: there is no file, or no more."""

    @property
    def match(self) -> Match:
        return Match.from_json(self.filter)

    @property
    def running(self) -> bool:
        return self.state in OPEN

    @property
    def file_name(self) -> str:
        return f"leads-{self.created_at:%Y-%m-%d}-{self.id}.{self.format}"

    def file_key(self, workspace_id: int) -> str:
        """Return where the store has the file."""
        return f"exports/{workspace_id}/{self.id}.{self.format}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewExport:
    """What to write down of an export that is asked for."""

    format: Format
    columns: Sequence[str]
    found: Matching
    segment_id: int | None
    created_by: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OldFile:
    """A file whose time is over."""

    workspace_id: int
    id: int
    format: Format
