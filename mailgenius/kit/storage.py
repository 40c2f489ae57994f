"""Files of the installation (uploads, media, exports): a local folder, or any S3-compatible store by URL."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from errno import EINVAL
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from mailgenius.kit.config import Settings
from mailgenius.kit.errors import LimitReached, NotFound, Unavailable, invalid

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer
    from obstore import ObjectMeta
    from obstore.store import RetryConfig

READ_CHUNK = 1 << 20
RANGE = 4 << 20
"""A file is fetched in ranges of so many bytes: one request for all of it would be cut off after the 30 s
that a store is given, however slow the line is on which its bytes go on."""
WRITTEN_AT_ONCE = 8 << 20
WRITES_AT_ONCE = 2
"""A file is written in parts, so many at a time. All of them are in memory."""
LISTED_AT_ONCE = 500
AWAY: "RetryConfig" = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2)},
}
"""How long a store may be away unnoticed. After that a person is told, and a job tries again later."""
JOINED = ".joined"
"""Ending of the keys of files that are stored in pieces: what is stored under the key is the list of them."""


class FileTooLarge(LimitReached):
    """The file is larger than the {limit} bytes that are allowed."""


class FileMissing(NotFound):
    """This file is no longer stored."""


class StoreUnavailable(Unavailable):
    """The store of files does not answer as it should ({reason}). Nothing is lost; try again soon."""


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
        """Write a file from a stream and return its size in bytes. Nothing is kept of one that breaks off.

        Raises:
            ValueError: the key says that it is a list of pieces, and only `join` may write these: whoever
                wrote one could read and remove what belongs to others.
            FileTooLarge: more than `limit` bytes came; nothing is kept.
            StoreUnavailable: the store is away or refuses; nothing is kept.
        """
        if key.endswith(JOINED):
            raise ValueError(key)
        size = 0
        with _answers():
            async with self.store_writer(key) as writer:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FileTooLarge(limit=limit)
                    await writer.write(chunk)
        return size

    def store_writer(self, key: str):  # type: ignore[no-untyped-def]  # noqa: ANN201  # obstore hides the type
        from obstore import open_writer_async  # noqa: PLC0415  # keeps the name beside its only use

        return open_writer_async(self.store, key, buffer_size=WRITTEN_AT_ONCE, max_concurrency=WRITES_AT_ONCE)

    async def put_piece(self, key: str, content: bytes) -> None:
        """Write a small file at once.

        Raises:
            StoreUnavailable: the store is away or refuses; nothing is kept.
        """
        with _answers():
            await self.store.put_async(key, content)

    async def join(self, key: str, *, folder: str, pieces: Sequence[Piece]) -> None:
        """Make pieces readable as one file, without copying them. A second call does the same again.

        Args:
            key: of the file; it ends with `JOINED`.
            folder: where the pieces are, and nothing else. It is removed with the file.
            pieces: in order.
        """
        listed = _Joined(folder=folder, pieces=list(pieces))
        await self.put_piece(key, msgspec.json.encode(listed))

    async def get_to(self, key: str, path: Path) -> int:
        """Copy a stored file to a local path and return its size in bytes.

        Raises:
            FileMissing: there is no such file.
        """
        size = 0
        with path.open("wb") as target:
            async for chunk in await self.content(key):
                size += await asyncio.to_thread(target.write, chunk)
        return size

    async def content(self, key: str) -> AsyncIterator[bytes]:
        """Return the bytes of a stored file as they come. What is wrong is raised before there are any.

        Raises:
            FileMissing: there is no such file.
            StoreUnavailable: the store is away or refuses.
        """
        return self._ranges(await asyncio.to_thread(self._pieces, key))

    async def _ranges(self, pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
        for piece in pieces:
            for start in range(0, piece.size, RANGE):
                length = min(RANGE, piece.size - start)
                with _answers():
                    content = await self.store.get_range_async(piece.key, start=start, length=length)
                yield bytes(content)

    def reader(self, key: str) -> BinaryIO:
        """Open a stored file for reading here and there. Each step waits: call it in a thread.

        Raises:
            FileMissing: there is no such file.
            StoreUnavailable: the store is away or refuses; later steps raise it as well.
        """
        return BufferedReader(_Ranges(self.store, self._pieces(key)), READ_CHUNK)

    def _pieces(self, key: str) -> list[Piece]:
        """Tell where the bytes of a file are. Waits for the store."""
        with _answers():
            if key.endswith(JOINED):
                return _joined(self.store.get(key).bytes()).pieces
            try:
                size = self.store.head(key)["size"]
            except FileNotFoundError:
                # An answer to HEAD has no words; that to GET says whether the file is missing or its bucket.
                size = self.store.get(key).meta["size"]
            return [Piece(key, size)]

    async def keys_before(self, folder: str, moment: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys of a folder that were last written before a moment, some hundred at a time."""
        async for found in self._listed(folder):
            yield [each["path"] for each in found if each["last_modified"] < moment]

    async def _listed(self, folder: str) -> "AsyncIterator[Sequence[ObjectMeta]]":
        listing = aiter(self.store.list(folder, chunk_size=LISTED_AT_ONCE))
        while True:
            with _answers():
                found = await anext(listing, None)
            if found is None:
                return
            yield found

    async def delete(self, key: str) -> None:
        """Remove a file, with its pieces. Removing one that is gone already is fine.

        Raises:
            StoreUnavailable: the store is away or refuses. The file, or some of it, is still there.
        """
        try:
            if key.endswith(JOINED):
                with _answers():
                    listed = _joined(await (await self.store.get_async(key)).bytes_async())
                await self.delete_folder(listed.folder)
            with _answers():
                await self.store.delete_async(key)
        except FileMissing:
            return

    async def delete_folder(self, folder: str) -> None:
        """Remove everything in a folder, also what a broken write left there.

        Raises:
            StoreUnavailable: the store is away or refuses. Some of it is still there.
        """
        async for found in self._listed(folder):
            keys = [each["path"] for each in found]
            try:
                with _answers():
                    await self.store.delete_async(keys)
            except FileMissing:
                for key in keys:  # Somebody else removes them too: one by one then.
                    await self.delete(key)


_CODE = re.compile(r"<Code>(\w+)</Code>")
_S3_URL = re.compile(r"s3://[^/\s?#]+(/[^\s?#]*)?")
_STATUS = re.compile(r"status code: (\d{3} [A-Z][A-Za-z ]+)")


@contextmanager
def _answers() -> Iterator[None]:
    """Turn what the library raises into our errors. A missing bucket is no missing file: it may come back."""
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # Of this machine, such as from a source that is read here. The library's have no number.
        told = str(error)
        found = _CODE.search(told) or _STATUS.search(told)
        reason = found[1].strip() if found else "no answer"
        if isinstance(error, FileNotFoundError) and reason != "NoSuchBucket":
            raise FileMissing from error
        raise StoreUnavailable(reason=reason) from error


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
        with _answers():
            view[:length] = memoryview(self._store.get_range(piece.key, start=start, length=length))
        self._place += length
        return length


def open_storage(settings: Settings) -> Storage:
    """Open the store that the settings name. Whether it answers shows with its first use.

    Raises:
        Invalid: the URL is not one of an S3-compatible store.
    """
    if settings.storage_url:
        if not _S3_URL.fullmatch(settings.storage_url):
            raise invalid("MAILGENIUS_STORAGE_URL", "must be s3://bucket or s3://bucket/folder")
        return Storage(from_url(settings.storage_url, retry_config=AWAY))
    folder = settings.home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return Storage(LocalStore(folder))
