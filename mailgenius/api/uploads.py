"""A multipart request on its way into storage: the file part is never held in memory or written twice."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from mailgenius.api.bodies import decode
from mailgenius.kit.errors import invalid
from mailgenius.kit.multipart import BODY_LIMIT as BODY_LIMIT, FILE_LIMIT, Part, parts, storage_key
from mailgenius.kit.storage import Storage

JSON_LIMIT = 2 << 20


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
    """Read a multipart body to its end and store the part named `file`; or the other fields, as JSON.

    Raises:
        Invalid: it is neither, is broken or cut off, or has more than one file. Nothing stays stored.
        FileTooLarge: the file is larger than 2 GiB. Nothing stays stored.
    """
    kind, options = request.content_type
    upload = Upload(digest=digest)
    if kind == "application/json":
        await _take_json(request, upload)
        return upload
    try:
        async for part in parts(request.stream(), kind=kind, boundary=options.get("boundary")):
            await _take(part, upload, storage, folder)
    except BaseException:
        # Also when the client leaves in the middle: what it began is not kept.
        await discard(upload, storage)
        raise
    return upload


async def discard(upload: Upload, storage: Storage) -> None:
    """Remove the stored file of a request that was refused or answered before."""
    if upload.file is not None:
        await storage.delete(upload.file.key)


async def _take_json(request: Request[Any, Any, State], upload: Upload) -> None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > JSON_LIMIT:
            raise invalid("", "is too long")
    upload.digest.update(body)
    given: dict[str, Any] = decode(bytes(body), dict[str, Any])
    for name, value in given.items():
        texts = value if isinstance(value, list) else [value]
        # What has a form of its own, such as a mapping, is read where forms are read.
        upload.fields[name] = [
            each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in texts
        ]


async def _take(part: Part, upload: Upload, storage: Storage, folder: str) -> None:
    upload.digest.update(f"\n{part.name}\n{part.filename or ''}\n".encode())
    if part.name != "file":
        text = await part.text()
        upload.digest.update(text.encode())
        upload.fields.setdefault(part.name, []).append(text)
        return
    if upload.file is not None:
        raise invalid("file", "only one file is taken at a time")
    name = part.filename or "upload"
    key = storage_key(folder, name)
    # Known before the bytes come, so that an upload that breaks off is removed.
    upload.file = StoredFile(key=key, name=name, size=0)
    size = await storage.put(key, _digested(part, upload), limit=FILE_LIMIT)
    upload.file = StoredFile(key=key, name=name, size=size)


async def _digested(part: Part, upload: Upload) -> AsyncIterator[bytes]:
    async for chunk in part.chunks():
        upload.digest.update(chunk)
        yield chunk
