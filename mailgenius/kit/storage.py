"""Files of the installation (uploads, media, exports): a local folder, or any S3-compatible store by URL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from errno import EINVAL
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from obstore.store import LocalStore, ObjectStore, from_url

from mailgenius.kit.config import Settings
from mailgenius.kit.errors import LimitReached, NotFound

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

READ_CHUNK = 1 << 20
LISTED_AT_ONCE = 500


class FileTooLarge(LimitReached):
    """The file is larger than the {limit} bytes that are allowed."""


class FileMissing(NotFound):
    """This file is no longer stored."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Puts and gets whole files by key. Keys look like `imports/<workspace>/<id>/<name>`."""

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

    async def get_to(self, key: str, path: Path) -> int:
        """Copy a stored file to a local path and return its size in bytes.

        Raises:
            FileMissing: there is no such file.
        """
        try:
            result = await self.store.get_async(key)
        except FileNotFoundError as error:
            raise FileMissing from error
        size = 0
        with path.open("wb") as target:  # Page-cache writes of 1 MiB do not stall the loop.
            async for chunk in result.stream(min_chunk_size=READ_CHUNK):
                size += await asyncio.to_thread(target.write, bytes(chunk))
        return size

    def reader(self, key: str) -> BinaryIO:
        """Open a stored file for reading here and there. Each step waits: call it in a thread.

        Raises:
            FileMissing: there is no such file.
        """
        try:
            size = self.store.head(key)["size"]
        except FileNotFoundError as error:
            raise FileMissing from error
        return BufferedReader(_Ranges(self.store, key, size), READ_CHUNK)

    async def keys_before(self, folder: str, moment: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys of a folder that were last written before a moment, some hundred at a time."""
        async for found in self.store.list(folder, chunk_size=LISTED_AT_ONCE):
            yield [each["path"] for each in found if each["last_modified"] < moment]

    async def delete(self, key: str) -> None:
        """Remove a file. Removing one that is gone already is fine."""
        try:
            await self.store.delete_async(key)
        except FileNotFoundError:
            return


class _Ranges(RawIOBase):
    """A stored file that is fetched range by range, where the reader is."""

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        self._store = store
        self._key = key
        self._size = size
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
        length = min(len(view), self._size - self._place)
        if length <= 0:
            return 0
        view[:length] = memoryview(self._store.get_range(self._key, start=self._place, length=length))
        self._place += length
        return length


def open_storage(settings: Settings) -> Storage:
    """Open the store that the settings name."""
    if settings.storage_url:
        return Storage(from_url(settings.storage_url))
    folder = settings.home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return Storage(LocalStore(folder))
