"""Events on the local disk while the database is away: appended, synced, read back, deleted.

Each process appends to a file of its own and holds a lock on it for as long as it lives. A file whose lock
can be had belongs to nobody any more and may be read by anyone. Reading one twice is harmless, because events
carry their keys.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from mailgenius.engine.tracking.model import TrackedEvent
from mailgenius.kit import clock
from mailgenius.kit.logs import logger

SUFFIX = ".events"
CHUNK = 500

log = logger(__name__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(TrackedEvent).decode


class Spool:
    """The folder of one installation on one machine, and this process' own file in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def append(self, events: Sequence[TrackedEvent]) -> None:
        """Write events; they are on the disk when this returns. Blocks, so call it in a thread.

        Raises:
            OSError: the disk is full or broken.
        """
        lines = b"".join([_encode(event) + b"\n" for event in events])
        file = self._own_file()
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())

    def waiting(self) -> bool:
        """Say whether there is anything to read back."""
        return any(self._folder.glob(f"*{SUFFIX}"))

    def take(self) -> Iterator[IO[bytes]]:
        """Yield each file that nobody writes to, locked. The reader deletes it when it has written it all."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            with path.open("rb") as file:
                if _locked(file) and path.exists():
                    yield file

    def close(self) -> None:
        """Give up the own file, for whoever reads it back; the next event begins a new one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _own_file(self) -> IO[bytes]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{clock.now():%Y%m%dT%H%M%S%f}-{os.getpid()}-{os.urandom(3).hex()}.new"
            self._file = path.open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            # Readers see the file only once it is locked: else they might take it for one of a dead process.
            path.rename(path.with_suffix(SUFFIX))
            _sync_folder(self._folder)
        return self._file


def read_chunks(file: IO[bytes]) -> Iterator[list[TrackedEvent]]:
    """Yield the events of a file, some hundred at a time. A line that a crash cut short is left out."""
    chunk: list[TrackedEvent] = []
    for line in file:
        try:
            chunk.append(_decode(line))
        except msgspec.MsgspecError:
            log.warning("a spooled line cannot be read", file=Path(file.name).name, line=line[:200])
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """A new file's name is safe on the disk only when its folder is synced too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
