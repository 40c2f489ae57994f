"""Opens any uploaded file as a table: recognises its kind by its bytes, not by its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from mailgenius.product.imports.errors import EmptyFile, NotATable, OldSpreadsheet
from mailgenius.product.imports.files import archive as packed
from mailgenius.product.imports.files.dialect import HEAD, Dialect, find_dialect, survey
from mailgenius.product.imports.files.joined import JoinedTable, Part
from mailgenius.product.imports.files.rejected import Cleaned
from mailgenius.product.imports.files.separated import SeparatedFile
from mailgenius.product.imports.files.spreadsheet import Spreadsheet
from mailgenius.product.imports.files.table import Table

OLE = b"\xd0\xcf\x11\xe0"  # Old or password-protected Office files.
NO_TABLES = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x7fELF",
    b"SQLite format",
    b"PK\x05\x06",  # An archive of nothing.
    *packed.OTHER_ARCHIVES,
)
PAGES = (b"<!doctype html", b"<html", b"<table", b"<?xml")
"""How pages begin, in small letters: programs call some of theirs a spreadsheet."""
LOOK = 1 << 20
"""Bytes that a look into a text takes."""
BLOCK = 1 << 20


def open_table(path: Path, *, scratch: Path) -> Table:
    """Open a file of leads. The caller closes it.

    Args:
        path: the file, on this machine.
        scratch: an empty folder for rewritten copies (unpacked, re-encoded).

    Raises:
        UnreadableFile: its message tells a person why.
    """
    with path.open("rb") as file:
        if file.read(2) == packed.GZIP:
            file.seek(0)
            size = path.stat().st_size
            path = packed.unpack_stream(file, scratch / "unpacked", packed=size)
    if _head(path).startswith(packed.ZIP):
        return Cleaned(_from_archive(path, scratch, limit=None))
    return Cleaned(_open_text(path, scratch))


def open_beginning(source: IO[bytes], *, size: int, scratch: Path) -> Table:
    """Open a file of leads for a look at its first rows, without reading the rest of a long one.

    Of a text only the beginning is taken: its encoding is judged by that, and the number of its rows is not
    known. An archive is read where its parts stand.

    Args:
        source: the file, wherever it is, which stays the caller's.
        size: its bytes.
        scratch: an empty folder.

    Raises:
        UnreadableFile: its message tells a person why.
    """
    head = source.read(HEAD)
    source.seek(0)
    if head.startswith(packed.GZIP):
        path = packed.unpack_stream(source, scratch / "unpacked", packed=size, limit=LOOK)
        if _head(path).startswith(packed.ZIP):
            source.seek(0)
            path = packed.unpack_stream(source, scratch / "unpacked", packed=size)
            return Cleaned(_from_archive(path, scratch, limit=None))
        return Cleaned(_open_text(_whole_lines(path), scratch))
    if head.startswith(packed.ZIP):
        return Cleaned(_from_archive(source, scratch, limit=HEAD))
    path = scratch / "beginning"
    path.write_bytes(source.read(LOOK))
    return Cleaned(_open_text(_whole_lines(path) if size > LOOK else path, scratch))


def _from_archive(file: Path | IO[bytes], scratch: Path, *, limit: int | None) -> Table:
    with _kept(packed.open_archive(file)) as archive:
        if packed.is_spreadsheet(archive):
            return Spreadsheet(archive)
        parts = []
        for number, member in enumerate(packed.members(archive)):
            folder = scratch / f"member{number}"
            folder.mkdir()
            whole = limit is None or member.name.lower().endswith(".xlsx")
            path = folder / "unpacked"
            packed.unpack_member(archive, member, path, limit=None if whole else limit)
            if not whole and limit is not None and member.entry.file_size > limit:
                _whole_lines(path)
            parts.append(Part(name=member.name, open=partial(_open_member, path, folder)))
    archive.close()
    return parts[0].open() if len(parts) == 1 else JoinedTable(parts)


@contextmanager
def _kept(archive: ZipFile) -> Iterator[ZipFile]:
    """Close an archive that turns out not to be readable; a table that is made of it keeps it open."""
    try:
        yield archive
    except BaseException:
        archive.close()
        raise


def _open_member(path: Path, scratch: Path) -> Table:
    if _head(path).startswith(packed.ZIP):
        with _kept(packed.open_archive(path)) as archive:
            return Spreadsheet(archive)
    return _open_text(path, scratch)


def _open_text(path: Path, scratch: Path) -> Table:
    head = _head(path)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise EmptyFile
    if head.startswith(OLE):
        raise OldSpreadsheet
    if head.startswith(NO_TABLES) or head[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGES):
        raise NotATable
    dialect = find_dialect(path, head)
    if dialect.needs_rewriting:
        path = _rewritten(path, scratch / "rewritten", dialect)
        dialect = dialect.rewritten()
    return SeparatedFile(path, dialect, survey(path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _whole_lines(path: Path) -> Path:
    """Take a line that is cut off away from the end of a beginning."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    # The line feed of a text in 16 bits may have its zero behind it.
    end += 1 if data[end : end + 1] == b"\x00" else 0
    if end and end < len(data):
        path.write_bytes(data[:end])
    return path


def _rewritten(path: Path, target: Path, dialect: Dialect) -> Path:
    """Copy a text as UTF-8 with line feeds, so that one reader serves all encodings and line ends."""
    with (
        path.open("r", encoding=dialect.encoding, errors="replace", newline=dialect.newline) as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while block := source.read(BLOCK):
            out.write(block.replace("\r", "\n") if dialect.newline == "\r" else block)
    return target
