"""The outbox file: its place, its table, and writing to it. Reading for pages is in `outbox.py`.

One SQLite file in WAL mode serves all workspaces and processes of one home. Its functions block: callers on
an event loop run them in a thread.
"""

import fcntl
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

BUSY_SECONDS = 30.0
"""How long one process waits for another's transaction."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    workspace_id  INTEGER NOT NULL,
    message_id    INTEGER NOT NULL,
    connection_id INTEGER NOT NULL,
    received_at   REAL    NOT NULL,
    size          INTEGER NOT NULL,
    recipient     TEXT    NOT NULL,
    sender        TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    content       BLOB    NOT NULL
);
-- Covers listing and searching by recipient without touching the content.
CREATE INDEX IF NOT EXISTS messages_key ON messages (workspace_id, message_id, recipient);
CREATE UNIQUE INDEX IF NOT EXISTS messages_once ON messages (message_id);
"""
_INSERT = """
INSERT OR IGNORE INTO messages
    (workspace_id, message_id, connection_id, received_at, size, recipient, sender, subject, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class StoredMessage(NamedTuple):
    """One row, in the order of the columns. `content` is RFC 5322 bytes, compressed."""

    workspace_id: int
    message_id: int
    connection_id: int
    received_at: float
    size: int
    recipient: str
    sender: str
    subject: str
    content: bytes


def outbox_path(home: Path) -> Path:
    """Return where the outbox of a home is, whether it exists or not."""
    return home / "sandbox" / "outbox.sqlite3"


def open_store(home: Path) -> sqlite3.Connection:
    """Open the outbox for writing, and make it when there is none. Raises sqlite3.Error or OSError."""
    path = outbox_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # Changing the journal mode does not wait for other processes as writes do, so they queue here.
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(_SCHEMA)
        # A power cut may cost the newest test messages; a killed process costs none.
        store.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        store.close()
        raise
    return store


def insert(store: sqlite3.Connection, rows: Iterable[StoredMessage]) -> None:
    """Add the messages in one transaction. One that is there already stays as it was."""
    store.execute("BEGIN IMMEDIATE")
    try:
        store.executemany(_INSERT, rows)
        store.execute("COMMIT")
    except BaseException:
        if store.in_transaction:
            store.execute("ROLLBACK")
        raise


def clear(home: Path, *, workspace_id: int) -> int:
    """Delete the messages of one workspace; return how many there were."""
    if not outbox_path(home).exists():
        return 0
    with closing(open_store(home)) as store:
        return store.execute("DELETE FROM messages WHERE workspace_id = ?", (workspace_id,)).rowcount
