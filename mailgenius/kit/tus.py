"""The tus 1.0 protocol of uploads that go on after a break: what headers say, and what answers say back.

Core with creation, expiration, checksum and termination. Nothing is stored here: product.uploads does that,
and the doors hand both together. The statuses are the protocol's own, which is why they stand here.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from mailgenius.kit.errors import Invalid

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,expiration,checksum,termination"
CHUNK: Final = "application/offset+octet-stream"
ALGORITHMS: Final = ("sha1", "sha256", "md5")
METADATA_LIMIT: Final = 4_096
VERSION_HEADER: Final = {"Tus-Resumable": VERSION}
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class TusRefused(Invalid):
    """The request does not follow the tus protocol: {detail}."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail=detail)
        self.status = status
        self.headers = VERSION_HEADER | {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a client announces of a file."""

    size: int
    name: str
    metadata: str
    """As it came: the client gets it back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checksum:
    """What the bytes of a chunk must add up to."""

    algorithm: str
    digest: bytes

    def fits(self, content: bytes) -> bool:
        return hashlib.new(self.algorithm, content, usedforsecurity=False).digest() == self.digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """What a client says of the bytes that it sends now."""

    offset: int
    size: int | None
    """None when it does not say."""
    checksum: Checksum | None


def abilities(*, limit: int) -> dict[str, str]:
    """Return the headers that tell a client what this server can do."""
    return VERSION_HEADER | {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(limit),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def check_version(headers: Mapping[str, str]) -> None:
    """Let only clients on that speak this version.

    Raises:
        TusRefused: another version, or none.
    """
    if headers.get("tus-resumable") != VERSION:
        raise TusRefused(412, f"send Tus-Resumable: {VERSION}", Tus_Version=VERSION)


def read_wanted(headers: Mapping[str, str], *, limit: int) -> Wanted:
    """Read what a client wants to send.

    Raises:
        TusRefused: its size is missing or too large, or the metadata cannot be read.
    """
    check_version(headers)
    if "upload-defer-length" in headers:
        raise TusRefused(400, "the size of the file must be known")
    size = _number(headers, "upload-length")
    if size > limit:
        raise TusRefused(413, f"the file may have {limit} bytes at the most", Tus_Max_Size=str(limit))
    if size == 0:
        raise TusRefused(400, "the file is empty")
    metadata = headers.get("upload-metadata", "").strip()
    if len(metadata) > METADATA_LIMIT:
        raise TusRefused(400, f"Upload-Metadata may have {METADATA_LIMIT} characters at the most")
    names = _metadata(metadata)
    return Wanted(size=size, name=names.get("filename") or names.get("name") or "upload", metadata=metadata)


def read_chunk(headers: Mapping[str, str]) -> Chunk:
    """Read what a client says of the bytes that follow.

    Raises:
        TusRefused: a header is missing or wrong.
    """
    check_version(headers)
    if headers.get("content-type", "").split(";")[0].strip().lower() != CHUNK:
        raise TusRefused(415, f"send Content-Type: {CHUNK}")
    size = headers.get("content-length", "")
    return Chunk(
        offset=_number(headers, "upload-offset"),
        size=int(size) if _NUMBER.fullmatch(size) else None,
        checksum=_checksum(headers.get("upload-checksum", "")),
    )


def checksum_differs() -> TusRefused:
    """What to raise when a chunk arrived harmed."""
    return TusRefused(460, "the checksum does not fit what arrived")


def standing(*, received: int, expires_at: datetime, **more: str) -> dict[str, str]:
    """Return the headers that say how far an upload is, and others, but for those without a value."""
    given = {name.replace("_", "-"): value for name, value in more.items() if value}
    return (
        VERSION_HEADER
        | given
        | {
            "Upload-Offset": str(received),
            "Upload-Expires": format_datetime(expires_at, usegmt=True),
            "Cache-Control": "no-store",
        }
    )


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "").strip()
    if not _NUMBER.fullmatch(text):
        raise TusRefused(400, f"{name} must be a whole number")
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    """Read pairs of a name and a text in base64, with commas between."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _space, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value.strip(), validate=True).decode().replace("\0", "")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise TusRefused(400, f"Upload-Metadata holds a “{name}” that is no base64 text") from error
    return found


def _checksum(text: str) -> Checksum | None:
    if not text:
        return None
    algorithm, _space, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusRefused(400, f"checksums are made with {', '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm=algorithm, digest=base64.b64decode(value.strip(), validate=True))
    except binascii.Error as error:
        raise TusRefused(400, "Upload-Checksum is no base64 text") from error
