"""Unpacks what people pack: .gz, and .zip with one or many files. Refuses what only wants to fill the disk.

A file that grows beyond reason is refused at the first look: an archive says how large it becomes, and of a
stream the beginning tells. An archive in an archive is refused as well.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mailgenius.product.imports.errors import (
    BrokenArchive,
    LockedArchive,
    NestedArchive,
    NotATable,
    TooManyFiles,
    UnpackedTooLarge,
    UnpacksTooMuch,
)

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
OTHER_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
MAX_UNPACKED = 4 << 30
MAX_RATIO = 200
"""Lists of people shrink to a fifth or a twentieth; a hundredth is rare."""
SMALL = 8 << 20
"""What unpacks to less does no harm, whatever the ratio."""
MAX_FILES = 100
MAX_ENTRIES = 10_000
BLOCK = 256 << 10
ENCRYPTED = 0x1
TABLES = re.compile(r"\.(csv|tsv|tab|txt|xlsx|gz|zip)$", re.IGNORECASE)
"""Endings of files that are looked into; others, such as pictures and notes of the system, are left out."""
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file in an archive."""

    name: str
    """Without folders, for people."""
    entry: zipfile.ZipInfo


def open_archive(file: Path | IO[bytes]) -> zipfile.ZipFile:
    """Open a .zip, and judge it by what it says of itself.

    Raises:
        BrokenArchive: it is damaged.
        UnpacksTooMuch: it is made to grow beyond reason.
        UnpackedTooLarge: it is too large.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BrokenArchive from error
    entries = archive.infolist()
    whole = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    try:
        if len(entries) > MAX_ENTRIES:
            raise TooManyFiles(limit=MAX_ENTRIES)
        _check_ratio(whole, packed)
        for entry in entries:
            _check_ratio(entry.file_size, entry.compress_size)
        if whole > MAX_UNPACKED:
            raise UnpackedTooLarge(limit="4 GiB")
    except (UnpacksTooMuch, UnpackedTooLarge, TooManyFiles):
        archive.close()
        raise
    return archive


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    return "xl/workbook.xml" in archive.namelist()


def members(archive: zipfile.ZipFile) -> list[Member]:
    """Return the tables in an archive, by name.

    Raises:
        NotATable: there is none.
        LockedArchive: it needs a password.
        TooManyFiles: there are more than an import takes.
    """
    found = []
    for entry in archive.infolist():
        folders, _, name = entry.filename.replace("\\", "/").rpartition("/")
        if entry.is_dir() or not TABLES.search(name) or name.startswith(".") or "__MACOSX" in folders:
            continue
        if entry.flag_bits & ENCRYPTED:
            raise LockedArchive
        found.append(Member(name=_shown(name), entry=entry))
    if not found:
        raise NotATable
    if len(found) > MAX_FILES:
        raise TooManyFiles(limit=MAX_FILES)
    return sorted(found, key=lambda member: (member.name, member.entry.filename))


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in name)[-120:]


def unpack_member(
    archive: zipfile.ZipFile, member: Member, target: Path, *, limit: int | None = None
) -> Path:
    """Write a file of an archive to the disk, or its first `limit` bytes.

    Raises:
        BrokenArchive: it is damaged.
        NestedArchive: it is an archive itself.
    """
    left = member.entry.file_size if limit is None else limit
    try:
        with archive.open(member.entry) as source, target.open("wb") as out:
            while left > 0 and (block := source.read(min(BLOCK, left))):
                left -= len(block)
                out.write(block)
    except BROKEN as error:
        raise BrokenArchive from error
    check_plain(target)
    return target


def unpack_stream(source: IO[bytes], target: Path, *, packed: int, limit: int | None = None) -> Path:
    """Write what is in a .gz to the disk, or its first `limit` bytes.

    Args:
        source: the .gz.
        target: where to.
        packed: bytes of the .gz, to judge its growth by.
        limit: stop after about so many bytes.

    Raises:
        BrokenArchive: it is damaged or cut off.
        UnpacksTooMuch: it is made to grow beyond reason.
        UnpackedTooLarge: it is too large.
        NestedArchive: it holds an archive.
    """
    size = 0
    with target.open("wb") as out:
        for block, taken in _inflated(source, whole=limit is None):
            size += len(block)
            _check_ratio(size, taken)
            # With enough to judge by, a file that would grow too large is not unpacked to see it.
            if size > MAX_UNPACKED or (size > SMALL and size / taken * packed > 2 * MAX_UNPACKED):
                raise UnpackedTooLarge(limit="4 GiB")
            out.write(block)
            if limit is not None and size >= limit:
                break
    check_plain(target)
    return target


def _inflated(source: IO[bytes], *, whole: bool) -> Iterator[tuple[bytes, int]]:
    """Yield what a stream unpacks to, in small pieces, and how much of it was read for that."""
    taken = 0
    unpacker = zlib.decompressobj(wbits=31)
    try:
        while data := source.read(BLOCK):
            taken += len(data)
            while data:
                if unpacker.eof:
                    if not data.startswith(GZIP):
                        return  # Zeros, or whatever stands behind the last stream.
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(data, 4 * BLOCK), taken
                data = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error as error:
        raise BrokenArchive from error
    if whole and not unpacker.eof:
        raise BrokenArchive


def check_plain(path: Path) -> None:
    """Refuse an archive in an archive. A spreadsheet is none, although it looks like one.

    Raises:
        NestedArchive: it is one.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith((GZIP, *OTHER_ARCHIVES)):
        raise NestedArchive
    if head.startswith(ZIP) and zipfile.is_zipfile(path):
        with open_archive(path) as archive:
            if not is_spreadsheet(archive):
                raise NestedArchive


def _check_ratio(size: int, packed: int) -> None:
    if size > SMALL and size > MAX_RATIO * max(1, packed):
        raise UnpacksTooMuch(ratio=MAX_RATIO)
