"""Rows and limits of uploads. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgenius.kit.multipart import FILE_LIMIT, safe_name
from mailgenius.kit.storage import JOINED

MAX_SIZE = FILE_LIMIT
MIN_CHUNK = 64 << 10
MAX_CHUNK = 5 << 20
"""What is checked as a whole, by a checksum, is held in memory as a whole."""
CHUNK = 2 << 20
"""What our page sends at a time, and what is stored at a time of longer bodies: so much a break can cost."""
MAX_OPEN = 20
"""Uploads of a workspace at the same time."""
MAX_OPEN_BYTES = 20 << 30
"""What they may have together."""
KEPT = timedelta(days=1)
"""An upload that nobody goes on with or uses for so long is given up."""
IDLE = timedelta(hours=1)
"""One that stood still for so long makes room for a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file on its way."""

    workspace_id: int
    id: int
    file_name: str
    file_size: int
    received: int
    """Bytes that are stored: all before this place."""
    metadata: str
    expires_at: datetime

    @property
    def finished(self) -> bool:
        return self.received == self.file_size

    @property
    def folder(self) -> str:
        """Where its pieces are."""
        return f"uploads/{self.workspace_id}/{self.id}"

    @property
    def file_key(self) -> str:
        """Where it can be read as one file, once it is ready: a list of the pieces, beside other imports."""
        return f"imports/{self.workspace_id}/upload-{self.id}/{safe_name(self.file_name)}{JOINED}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenUploads:
    """What a workspace has on its way."""

    uploads: int
    size: int
