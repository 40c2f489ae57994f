"""A multipart body on its way into storage: the file part is never held in memory or written twice."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.datastructures import State
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from mailgenius.kit.crypto import random_token
from mailgenius.kit.errors import invalid
from mailgenius.kit.storage import Storage

FILE_LIMIT = 2 << 30
BODY_LIMIT = FILE_LIMIT + (1 << 20)
"""A whole file and what stands around it."""
FIELD_LIMIT = 256 << 10
PART_LIMIT = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """The file part, as it was stored. The name is the sender's own, for people to see."""

    key: str
    name: str
    size: int


@dataclass(kw_only=True, slots=True)
class Upload:
    """What came with a multipart request. `digest` tells it from other requests."""

    digest: "hashlib._Hash"
    fields: dict[str, list[str]] = field(default_factory=dict)
    file: StoredFile | None = None

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name, [default])[-1]


async def receive(
    request: Request[Any, Any, State], storage: Storage, *, folder: str, digest: "hashlib._Hash"
) -> Upload:
    """Read a multipart body to its end and store the part named `file`.

    Raises:
        Invalid: it is not multipart, is broken or cut off, or has more than one file. Nothing stays stored.
        FileTooLarge: the file is larger than 2 GiB. Nothing stays stored.
    """
    kind, options = request.content_type
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise invalid("", "a multipart/form-data body is needed")
    upload = Upload(digest=digest)
    try:
        await _read_parts(request, options["boundary"], upload, storage, folder)
    except MultipartError as error:
        await discard(upload, storage)
        raise invalid("", f"the multipart body is broken: {error}") from error
    except BaseException:
        # Also when the client leaves in the middle: what it began is not kept.
        await discard(upload, storage)
        raise
    return upload


async def discard(upload: Upload, storage: Storage) -> None:
    """Remove the stored file of a request that was refused or answered before."""
    if upload.file is not None:
        await storage.delete(upload.file.key)


async def _read_parts(
    request: Request[Any, Any, State], boundary: str, upload: Upload, storage: Storage, folder: str
) -> None:
    events = _events(request, boundary)
    async for event in events:
        if not isinstance(event, MultipartSegment):
            continue
        upload.digest.update(f"\n{event.name}\n{event.filename or ''}\n".encode())
        if event.name == "file":
            if upload.file is not None:
                raise invalid("file", "only one file is taken at a time")
            await _store(event, events, upload, storage, folder)
        else:
            text = await _field_text(event, events, upload)
            upload.fields.setdefault(event.name, []).append(text)


async def _events(
    request: Request[Any, Any, State], boundary: str
) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
    """Yield the beginning, the bytes and the end (None) of each part."""
    with PushMultipartParser(boundary, max_segment_count=PART_LIMIT) as parser:
        async for chunk in request.stream():
            if chunk:
                for event in parser.parse(chunk):
                    yield event


async def _store(
    segment: MultipartSegment,
    events: AsyncIterator[MultipartSegment | bytes | bytearray | None],
    upload: Upload,
    storage: Storage,
    folder: str,
) -> None:
    name = segment.filename or "upload"
    key = f"{folder}/{random_token(16)}/{safe_name(name)}"
    # Known before the bytes come, so that an upload that breaks off is removed.
    upload.file = StoredFile(key=key, name=name, size=0)
    size = await storage.put(key, _bytes_of_part(events, upload), limit=FILE_LIMIT)
    upload.file = StoredFile(key=key, name=name, size=size)


async def _bytes_of_part(
    events: AsyncIterator[MultipartSegment | bytes | bytearray | None], upload: Upload
) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        if not isinstance(event, MultipartSegment):
            upload.digest.update(event)
            yield bytes(event)


async def _field_text(
    segment: MultipartSegment,
    events: AsyncIterator[MultipartSegment | bytes | bytearray | None],
    upload: Upload,
) -> str:
    value = bytearray()
    async for chunk in _bytes_of_part(events, upload):
        value += chunk
        if len(value) > FIELD_LIMIT:
            raise invalid(segment.name, "is too long")
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise invalid(segment.name, "must be UTF-8 text") from error
    if "\0" in text:
        raise invalid(segment.name, "must not hold a NUL character")
    return text


def safe_name(name: str) -> str:
    """Return the last part of a file name with only letters that every store and shell takes."""
    last = re.split(r"[\\/]", name)[-1]
    return _UNSAFE.sub("_", last).strip("._")[-100:] or "upload"
