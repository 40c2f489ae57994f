"""Multipart bodies as they stream in: part after part, in bounded memory, whatever the size of a file.

What a door does with the parts (which fields it takes, where a file is stored) is the door's own.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from mailgenius.kit.crypto import random_token
from mailgenius.kit.errors import Invalid, invalid
from mailgenius.kit.storage import JOINED

FILE_LIMIT = 2 << 30
BODY_LIMIT = FILE_LIMIT + (1 << 20)
"""A whole file and what stands around it."""
FIELD_LIMIT = 256 << 10
PART_LIMIT = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

_Events = AsyncIterator[MultipartSegment | bytes | bytearray | None]


class MultipartBroken(Invalid):
    """The multipart body is broken: {detail}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The beginning of a part. Its bytes are read before the next part is asked for, or never.

    `filename` is None for a plain field; for a file it is the sender's own name, which may hold anything.
    """

    name: str
    filename: str | None
    _events: _Events = field(repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of this part.

        Raises:
            MultipartBroken: the body ends before the part does.
        """
        async for event in self._events:
            if event is None:
                return
            if not isinstance(event, MultipartSegment):
                yield bytes(event)
        raise MultipartBroken(detail="the last part has no end")

    async def text(self) -> str:
        """Return the value of a plain field, 256 KiB at the most.

        Raises:
            Invalid: it is longer, is not UTF-8, or holds a NUL character.
        """
        value = bytearray()
        async for chunk in self.chunks():
            value += chunk
            if len(value) > FIELD_LIMIT:
                raise invalid(self.name, "is too long")
        try:
            text = value.decode()
        except UnicodeDecodeError as error:
            raise invalid(self.name, "must be UTF-8 text") from error
        if "\0" in text:
            raise invalid(self.name, "must not hold a NUL character")
        return text


async def parts(
    body: AsyncIterator[bytes], *, kind: str, boundary: str | None, most: int = PART_LIMIT
) -> AsyncIterator[Part]:
    """Yield the parts of a body whose content type is `kind` with this boundary.

    Raises:
        Invalid: it is no multipart form.
        MultipartBroken: it is damaged, cut off, or has more than `most` parts.
    """
    if kind != "multipart/form-data" or not boundary:
        raise invalid("", "a multipart/form-data body is needed")
    events = _read(body, boundary, most)
    # What a reader leaves of a part is passed over here, on the way to the next beginning.
    async for event in events:
        if isinstance(event, MultipartSegment):
            yield Part(name=event.name, filename=event.filename, _events=events)


async def _read(body: AsyncIterator[bytes], boundary: str, most: int) -> _Events:
    """Yield the beginning, the bytes and the end (None) of each part."""
    try:
        with PushMultipartParser(boundary, max_segment_count=most) as parser:
            async for chunk in body:
                if chunk:
                    for event in parser.parse(chunk):
                        yield event
    except MultipartError as error:
        raise MultipartBroken(detail=str(error)) from error


def storage_key(folder: str, name: str) -> str:
    """Return a new key for a file: nobody can guess it, and every store and shell takes it.

    What a file holds must never be read as a list of pieces, whatever the sender calls it.
    """
    key = f"{folder}/{random_token(16)}/{safe_name(name)}"
    return f"{key}_" if key.endswith(JOINED) else key


def safe_name(name: str) -> str:
    """Return the last part of a file name with only letters that every store and shell takes."""
    last = re.split(r"[\\/]", name)[-1]
    return _UNSAFE.sub("_", last).strip("._")[-100:] or "upload"
