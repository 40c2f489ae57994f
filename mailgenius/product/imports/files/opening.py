"""Opens any uploaded file as a table: recognises its kind by its bytes, not by its name."""

import gzip
import zlib
from pathlib import Path

from mailgenius.product.imports.errors import EmptyFile, NotATable, UnpackedTooLarge
from mailgenius.product.imports.files.dialect import HEAD, Dialect, find_dialect, survey
from mailgenius.product.imports.files.separated import SeparatedFile
from mailgenius.product.imports.files.spreadsheet import Spreadsheet
from mailgenius.product.imports.files.table import Table

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"  # Old or password-protected Office files.
NO_TABLES = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x7fELF",
    b"SQLite format",
)
MAX_UNPACKED = 4 << 30
BLOCK = 1 << 20


def open_table(path: Path, *, scratch: Path) -> Table:
    """Open a file of leads. The caller closes it.

    Args:
        path: the file, on this machine.
        scratch: an empty folder for rewritten copies (unpacked, re-encoded).

    Raises:
        UnreadableFile: its message tells a person why.
    """
    head = _head(path)
    if head.startswith(GZIP):
        path = _unpacked(path, scratch / "unpacked")
        head = _head(path)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise EmptyFile
    if head.startswith((ZIP, OLE)):
        return Spreadsheet(path)
    if head.startswith(NO_TABLES):
        raise NotATable
    dialect = find_dialect(path, head)
    if dialect.needs_rewriting:
        path = _rewritten(path, scratch / "rewritten", dialect)
        dialect = dialect.rewritten()
    return SeparatedFile(path, dialect, survey(path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _unpacked(path: Path, target: Path) -> Path:
    size = 0
    try:
        with gzip.open(path, "rb") as source, target.open("wb") as out:
            while block := source.read(BLOCK):
                size += len(block)
                if size > MAX_UNPACKED:
                    raise UnpackedTooLarge(limit="4 GiB")
                out.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise NotATable from error
    return target


def _rewritten(path: Path, target: Path, dialect: Dialect) -> Path:
    """Copy a text as UTF-8 with line feeds, so that one reader serves all encodings and line ends."""
    with (
        path.open("r", encoding=dialect.encoding, errors="replace", newline=dialect.newline) as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while block := source.read(BLOCK):
            out.write(block.replace("\r", "\n") if dialect.newline == "\r" else block)
    return target
