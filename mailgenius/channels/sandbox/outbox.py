"""Reading the sandbox's outbox, for pages and tests. Writing to it is the adapter's, through `store.py`.

Everything here blocks on a local file for a moment: call it in a thread from an event loop.
"""

import builtins
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from mailgenius.channels.sandbox.store import BUSY_SECONDS, clear, outbox_path

_ENTRY_COLUMNS = "message_id, recipient, sender, subject, received_at, size"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxEntry:
    """One line of the outbox."""

    message_id: int
    recipient: str
    sender: str
    """The From header as a reader of the message sees it."""
    subject: str
    received_at: datetime
    size: int
    """Bytes of the message as it would have gone over the wire."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxMessage:
    """One message, taken apart as a mail program would."""

    entry: OutboxEntry
    headers: list[tuple[str, str]]
    text: str
    html: str
    raw: bytes


class Outbox:
    """The messages that the sandbox of one installation took, one workspace at a time."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def get(self, workspace_id: int, message_id: int) -> OutboxMessage | None:
        """Return one message, or None when this workspace has no such message."""
        with self._reading() as store:
            if store is None:
                return None
            row = store.execute(
                f"SELECT {_ENTRY_COLUMNS}, content FROM messages WHERE workspace_id = ? AND message_id = ?",
                (workspace_id, message_id),
            ).fetchone()
        if row is None:
            return None
        raw = zlib.decompress(row[-1])
        parsed = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
        return OutboxMessage(
            entry=_entry(row),
            headers=[(name, str(value)) for name, value in parsed.items()],
            text=_content(parsed, "plain"),
            html=_content(parsed, "html"),
            raw=raw,
        )

    def raw(self, workspace_id: int, message_id: int) -> bytes | None:
        """Return one message as it was handed over: a fraction of the work of `get`."""
        with self._reading() as store:
            row = (
                store
                and store.execute(
                    "SELECT content FROM messages WHERE workspace_id = ? AND message_id = ?",
                    (workspace_id, message_id),
                ).fetchone()
            )
        return zlib.decompress(row[0]) if row else None

    def count(self, workspace_id: int) -> int:
        """Return how many messages the workspace has here."""
        with self._reading() as store:
            if store is None:
                return 0
            row = store.execute("SELECT count(*) FROM messages WHERE workspace_id = ?", (workspace_id,))
            return int(row.fetchone()[0])

    def clear(self, workspace_id: int) -> int:
        """Delete the workspace's messages; return how many there were."""
        return clear(self._home, workspace_id=workspace_id)

    def list(
        self,
        workspace_id: int,
        *,
        recipient_contains: str = "",
        limit: int = 50,
        before_id: int | None = None,
    ) -> builtins.list[OutboxEntry]:
        """Return the newest messages first; `before_id` is the last id of the page before."""
        with self._reading() as store:
            if store is None:
                return []
            rows = store.execute(
                f"SELECT {_ENTRY_COLUMNS} FROM messages"
                " WHERE workspace_id = ? AND message_id < ? AND instr(lower(recipient), lower(?)) > 0"
                " ORDER BY message_id DESC LIMIT ?",
                (workspace_id, 2**63 - 1 if before_id is None else before_id, recipient_contains, limit),
            ).fetchall()
        return [_entry(row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open the file for reading; None when nothing was ever delivered."""
        path = outbox_path(self._home)
        if not path.exists():
            yield None
            return
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as store:
            made = store.execute("SELECT 1 FROM sqlite_master WHERE name = 'messages_once'").fetchone()
            # Another process may have created the file and not its table yet.
            yield store if made is not None else None


def _entry(row: tuple[int, str, str, str, float, int]) -> OutboxEntry:
    return OutboxEntry(
        message_id=row[0],
        recipient=row[1],
        sender=row[2],
        subject=row[3],
        received_at=datetime.fromtimestamp(row[4], UTC),
        size=row[5],
    )


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
