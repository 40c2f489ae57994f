"""Files of the installation (uploads, media, exports): a local folder, or any S3-compatible store by URL."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from errno import EINVAL
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from obstore.store import LocalStore, ObjectStore, from_url

from mailgenius.kit.config import Settings
from mailgenius.kit.errors import LimitReached, NotFound

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

READ_CHUNK = 1 << 20
LISTED_AT_ONCE = 500
JOINED = ".joined"
"""Ending of the keys of files that are stored in pieces: what is stored under the key is the list of them."""


class FileTooLarge(LimitReached):
    """The file is larger than the {limit} bytes that are allowed."""


class FileMissing(NotFound):
    """This file is no longer stored."""


class Piece(msgspec.Struct, frozen=True):
    """A stored object that holds the next bytes of a file."""

    key: str
    size: int


class _Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A file in pieces. They are alone in their folder, and go with it."""

    folder: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Storage:
    """Puts and gets whole files by key. Keys look like `imports/<workspace>/<id>/<name>`.

    Stores of objects cannot append, so what comes in pieces is kept as pieces: see `join`.
    """

    store: ObjectStore

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        """Write a file from a stream and return its size in bytes.

        Raises:
            FileTooLarge: more than `limit` bytes came; nothing is kept.
        """
        size = 0
        try:
            async with self.store_writer(key) as writer:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FileTooLarge(limit=limit)
                    await writer.write(chunk)
        except FileTooLarge:
            await self.delete(key)
            raise
        return size

    def store_writer(self, key: str):  # type: ignore[no-untyped-def]  # noqa: ANN201  # obstore hides the type
        from obstore import open_writer_async  # noqa: PLC0415  # keeps the name beside its only use

        return open_writer_async(self.store, key)

    async def put_piece(self, key: str, content: bytes) -> None:
        """Write a small file at once."""
        await self.store.put_async(key, content)

    async def join(self, key: str, *, folder: str, pieces: Sequence[Piece]) -> None:
        """Make pieces readable as one file, without copying them. A second call does the same again.

        Args:
            key: of the file; it ends with `JOINED`.
            folder: where the pieces are, and nothing else. It is removed with the file.
            pieces: in order.
        """
        listed = _Joined(folder=folder, pieces=list(pieces))
        await self.store.put_async(key, msgspec.json.encode(listed))

    async def get_to(self, key: str, path: Path) -> int:
        """Copy a stored file to a local path and return its size in bytes.

        Raises:
            FileMissing: there is no such file.
        """
        size = 0
        with path.open("wb") as target:  # Page-cache writes of 1 MiB do not stall the loop.
            async for chunk in self.content(key):
                size += await asyncio.to_thread(target.write, chunk)
        return size

    async def content(self, key: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a stored file as they come.

        Raises:
            FileMissing: there is no such file. Raised before anything is yielded.
        """
        for each in await self._keys(key):
            try:
                result = await self.store.get_async(each)
            except FileNotFoundError as error:
                raise FileMissing from error
            async for chunk in result.stream(min_chunk_size=READ_CHUNK):
                yield bytes(chunk)

    def reader(self, key: str) -> BinaryIO:
        """Open a stored file for reading here and there. Each step waits: call it in a thread.

        Raises:
            FileMissing: there is no such file.
        """
        try:
            if key.endswith(JOINED):
                pieces = _joined(self.store.get(key).bytes()).pieces
            else:
                pieces = [Piece(key, self.store.head(key)["size"])]
        except FileNotFoundError as error:
            raise FileMissing from error
        return BufferedReader(_Ranges(self.store, pieces), READ_CHUNK)

    async def _keys(self, key: str) -> list[str]:
        if not key.endswith(JOINED):
            return [key]
        listed = await self._listed(key)
        if listed is None:
            raise FileMissing
        return [piece.key for piece in listed.pieces]

    async def _listed(self, key: str) -> _Joined | None:
        try:
            result = await self.store.get_async(key)
        except FileNotFoundError:
            return None
        return _joined(await result.bytes_async())

    async def keys_before(self, folder: str, moment: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys of a folder that were last written before a moment, some hundred at a time."""
        async for found in self.store.list(folder, chunk_size=LISTED_AT_ONCE):
            yield [each["path"] for each in found if each["last_modified"] < moment]

    async def delete(self, key: str) -> None:
        """Remove a file, with its pieces. Removing one that is gone already is fine."""
        if key.endswith(JOINED) and (listed := await self._listed(key)) is not None:
            await self.delete_folder(listed.folder)
        try:
            await self.store.delete_async(key)
        except FileNotFoundError:
            return

    async def delete_folder(self, folder: str) -> None:
        """Remove everything in a folder, also what a broken write left there."""
        async for found in self.store.list(folder, chunk_size=LISTED_AT_ONCE):
            keys = [each["path"] for each in found]
            try:
                await self.store.delete_async(keys)
            except FileNotFoundError:
                for key in keys:  # Somebody else removes them too: one by one then.
                    await self.delete(key)


def _joined(content: "ReadableBuffer") -> _Joined:
    return msgspec.json.decode(content, type=_Joined)


class _Ranges(RawIOBase):
    """A stored file, whole or in pieces, that is fetched range by range, where the reader is."""

    def __init__(self, store: ObjectStore, pieces: Sequence[Piece]) -> None:
        self._store = store
        self._pieces = pieces
        self._ends = list(accumulate(piece.size for piece in pieces))
        self._size = self._ends[-1] if self._ends else 0
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        start = {SEEK_SET: 0, SEEK_CUR: self._place, SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(EINVAL, "a place before the beginning")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._place >= self._size:
            return 0
        number = bisect_right(self._ends, self._place)
        piece, end = self._pieces[number], self._ends[number]
        length = min(len(view), end - self._place)
        if not length:
            return 0
        start = self._place - (end - piece.size)
        view[:length] = memoryview(self._store.get_range(piece.key, start=start, length=length))
        self._place += length
        return length


def open_storage(settings: Settings) -> Storage:
    """Open the store that the settings name."""
    if settings.storage_url:
        return Storage(from_url(settings.storage_url))
    folder = settings.home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return Storage(LocalStore(folder))
