"""Files of the installation (uploads, media, exports): a local folder, or any S3-compatible store by URL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obstore.store import LocalStore, ObjectStore, from_url

from mailgenius.kit.config import Settings
from mailgenius.kit.errors import LimitReached, NotFound

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


def open_storage(settings: Settings) -> Storage:
    """Open the store that the settings name."""
    if settings.storage_url:
        return Storage(from_url(settings.storage_url))
    folder = settings.home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return Storage(LocalStore(folder))
