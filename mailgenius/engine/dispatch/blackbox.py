"""The black box of a batch: what a process that is killed would forget, kept in a file until it is settled.

The ledger knows which window may be on the wire; only the engine knows which messages of it really are, and
what was answered since. It writes that down as it goes. A file outlives its process, so the next one on the
machine settles what was answered, queues what never left, and calls unknown only what was in between.

Nothing is flushed to the disk: that would cost more than it tells. So a box counts only on the machine and in
the boot it was written in. After a power cut there is none, and the whole window is unknown, as everywhere
without a box. What a box means for the ledger is not here: see `hearing.py`.
"""

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from mailgenius.channels.contract import SendResult
from mailgenius.engine.ledger.model import Claim, QueuedMessage
from mailgenius.kit.logs import logger

ENDING = ".box"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

log = logger(__name__)


class _Head(msgspec.Struct, frozen=True, tag="head", array_like=True):
    boot: str
    claim: Claim


class _Stretch(msgspec.Struct, frozen=True, tag="window", array_like=True):
    deduplicates: bool
    messages: list[QueuedMessage]


class _Begun(msgspec.Struct, frozen=True, tag="begun", array_like=True):
    message_ids: Sequence[int]


class _Ended(msgspec.Struct, frozen=True, tag="ended", array_like=True):
    message_id: int
    result: SendResult


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Head | _Stretch | _Begun | _Ended).decode


@dataclass(kw_only=True)
class Testimony:
    """What a box says of the last window that was handed over, in part or as a whole."""

    claim: Claim
    deduplicates: bool = False
    messages: list[QueuedMessage] = field(default_factory=list)
    """The window; empty when none was handed over."""
    begun: set[int] = field(default_factory=set)
    results: dict[int, SendResult] = field(default_factory=dict)


class BlackBox:
    """The box of one lease, and the witness of its sends. Belongs to the process that opened it."""

    def __init__(self, folder: Path | None, claim: Claim) -> None:
        """Open a box in a folder, which is made when it is missing. Without a folder nothing is kept."""
        self._path: Path | None = None
        self._file = -1
        self._answers = bytearray()
        self._in_flight = 0
        boot = boot_id()
        if folder is not None and boot is not None:
            self._try(lambda: self._open(folder, boot, claim))

    def opens(self, messages: Sequence[QueuedMessage], *, deduplicates: bool) -> None:
        """Note that a window is about to be handed over; what was noted of the one before is settled."""
        self._answers.clear()
        self._in_flight = 0
        self._write(_Stretch(deduplicates, list(messages)))

    def begins(self, message_ids: Sequence[int]) -> None:
        self._in_flight += len(message_ids)
        self._write(_Begun(message_ids))

    def ends(self, message_id: int, result: SendResult) -> None:
        """Note what became of a message: with the next hand-over, or at once when none may follow."""
        self._answers += _encode(_Ended(message_id, result)) + b"\n"
        self._in_flight -= 1
        if self._in_flight <= 0:
            self._write()

    def discard(self) -> None:
        """Remove the box: what it says is settled, or cannot be relied on."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def close(self) -> None:
        """Let go of the box. One that was not discarded stays behind, for whoever looks next."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self, folder: Path, boot: str, claim: Claim) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / secrets.token_hex(8)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._path = path
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._append(_encode(_Head(boot, claim)) + b"\n")
        # Only now has it the name by which others find it: they never meet one that nobody holds yet.
        self._path = path.rename(path.with_suffix(ENDING))

    def _write(self, line: msgspec.Struct | None = None) -> None:
        lines = bytes(self._answers) + (_encode(line) + b"\n" if line else b"")
        self._answers.clear()
        if self._path is not None:
            self._try(lambda: self._append(lines))

    def _append(self, lines: bytes) -> None:
        """Write lines at the end. A full disk takes the beginning of them, and says nothing."""
        if os.write(self._file, lines) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _try(self, act: Callable[[], object]) -> None:
        """Do what the box is for. When that fails there is no box: one that misses a line would lie."""
        try:
            act()
        except OSError as error:
            self.discard()
            log.warning("no black box can be kept", detail=str(error))


@contextlib.asynccontextmanager
async def black_box(folder: Path | None, claim: Claim) -> AsyncIterator[BlackBox]:
    """Keep a box while a lease is worked on."""
    box = BlackBox(folder, claim)
    try:
        yield box
    finally:
        box.close()


@contextlib.contextmanager
def _held(path: Path) -> Iterator[int | None]:
    """Open a box and hold it; None when somebody else does: then its engine lives, or it is being read."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield file if path.exists() else None
    finally:
        os.close(file)


@contextlib.contextmanager
def left_behind(path: Path) -> Iterator[Testimony | None]:
    """Hold a box whose process is gone, and remove it unless the block raises. None: it says nothing."""
    with _held(path) as file:
        if file is None:
            yield None
            return
        yield _read(os.pread(file, os.fstat(file).st_size, 0))
        path.unlink(missing_ok=True)


def boxes(folder: Path) -> list[Path]:
    """Return the boxes of a folder."""
    return sorted(folder.glob(f"*{ENDING}"))


def _read(content: bytes) -> Testimony | None:
    """Read the lines of a box up to one that was not finished."""
    said: Testimony | None = None
    for line in content.split(b"\n")[:-1]:
        try:
            entry = _decode(line)
        except msgspec.DecodeError:
            log.warning("a black box has a line that cannot be read", line=line[:100])
            return None
        match entry:
            case _Head(boot, claim) if boot == boot_id():
                said = Testimony(claim=claim)
            case _Stretch(deduplicates, messages) if said:
                said = Testimony(claim=said.claim, deduplicates=deduplicates, messages=messages)
            case _Begun(message_ids) if said:
                said.begun.update(message_ids)
            case _Ended(message_id, result) if said:
                said.results[message_id] = result
    return said


@cache
def boot_id() -> str | None:
    """Return what names the time since this machine was started; None where nothing does."""
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return None
