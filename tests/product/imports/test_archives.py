"""Packed files: one or many in an archive, archives that are none, and archives that only want to grow."""

import gzip
import io
import random
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from mailgenius.product.imports.errors import (
    BrokenArchive,
    ColumnsDiffer,
    LockedArchive,
    NestedArchive,
    NotATable,
    TooManyFiles,
    UnpackedTooLarge,
    UnpacksTooMuch,
    UnreadableFile,
    UnreadableMember,
)
from mailgenius.product.imports.files import archive
from mailgenius.product.imports.files.opening import open_beginning
from mailgenius.product.imports.model import place_of
from tests.product.imports.conftest import ReadBytes, rejects_of, rows_of
from tests.product.imports.test_spreadsheets import workbook

ANA = b"email,name\nana@example.com,Ana\n"
BIA = "Name;E-MAIL\nConceição;bia@example.com\nx\n".replace("E-MAIL", "EMAIL").encode("cp1252")


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files:
            made.writestr(name, content)
    return out.getvalue()


def locked(content: bytes) -> bytes:
    """The archive with the mark of a password at its only file."""
    place = content.index(b"PK\x01\x02") + 8
    return content[: place - 2] + content[place - 2 : place] + b"\x01" + content[place + 1 :]


@pytest.mark.parametrize(
    "content",
    [
        packed(("leads.csv", ANA)),
        packed(("folder/leads.CSV", ANA), ("folder/", b""), ("photo.png", b"x"), (".hidden.csv", b"x")),
        packed(("leads.csv", ANA), ("__MACOSX/._leads.csv", b"\x00\x05\x16\x07")),
        packed(("leads.tsv", ANA.replace(b",", b"\t")), method=zipfile.ZIP_STORED),
        packed(("leads.xlsx", workbook(["email", "name"], ["ana@example.com", "Ana"]))),
        packed(("leads.csv", ANA.decode().encode("utf-16"))),
        gzip.compress(workbook(["email", "name"], ["ana@example.com", "Ana"])),
        gzip.compress(ANA[:20]) + gzip.compress(ANA[20:]),
        gzip.compress(ANA) + b"\x00" * 512,
    ],
    ids=[
        "one file", "beside others", "from a mac", "stored", "spreadsheet", "utf-16", "gzip of a spreadsheet",
        "gzip in two", "gzip with padding",
    ],
)  # fmt: skip
def test_one_file_in_an_archive_is_that_file(read_bytes: ReadBytes, content: bytes):
    table = read_bytes(content)
    assert (table.columns, table.files) == (("email", "name"), ())
    assert rows_of(table) == [(2, "ana@example.com", "Ana")]


def test_many_files_are_one_table_after_the_other(read_bytes: ReadBytes):
    """Each in its own encoding, with its own delimiter and order of columns."""
    sheet = workbook(["email", "name"], ["caio@example.com", "Caio"])
    table = read_bytes(packed(("c.xlsx", sheet), ("2/b.csv", BIA), ("a.csv", ANA)))
    assert table.columns == ("email", "name")
    assert [file.name for file in table.files] == ["a.csv", "b.csv", "c.xlsx"]
    rows = rows_of(table)
    assert [row[1:] for row in rows] == [
        ("ana@example.com", "Ana"),
        ("bia@example.com", "Conceição"),
        ("caio@example.com", "Caio"),
    ]
    assert [place_of(table.files, row[0]) for row in rows] == ["a.csv:2", "b.csv:2", "c.xlsx:2"]
    (ragged,) = rejects_of(table)
    assert (place_of(table.files, ragged.line), ragged.cells) == ("b.csv:3", ("x",))
    assert len({row[0] for row in rows} | {ragged.line}) == 4
    assert [chunk.number for chunk in table.chunks()] == [0, 1, 2]
    assert rows_of(table) == rows


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (packed(("a.csv", ANA), ("b.csv", b"email,city\na@example.com,x\n")), ColumnsDiffer, "“name”"),
        (packed(("a.csv", ANA), ("b.csv", b"email,name,city\n")), ColumnsDiffer, "“city”"),
        (packed(("a.csv", ANA), ("b.csv", b"")), UnreadableMember, "b.csv"),
        (packed(("a.pdf", b"%PDF"), ("b.doc", b"x")), NotATable, "not a table"),
        (packed(("a.csv", packed(("b.csv", ANA)))), NestedArchive, "archive in the archive"),
        (packed(("a.zip", packed(("b.csv", ANA)))), NestedArchive, "archive in the archive"),
        (packed(("a.csv.gz", gzip.compress(ANA))), NestedArchive, "archive in the archive"),
        (gzip.compress(gzip.compress(ANA)), NestedArchive, "archive in the archive"),
        (gzip.compress(packed(("b.csv", ANA))), NestedArchive, "archive in the archive"),
        (packed(*((f"{n}.csv", ANA) for n in range(101))), TooManyFiles, "100"),
        (locked(packed(("a.csv", ANA))), LockedArchive, "password"),
        (packed(("a.csv", ANA * 99))[:-30], BrokenArchive, "damaged"),
        (packed(("a.csv", ANA), method=zipfile.ZIP_STORED).replace(b"Ana", b"Bia"), BrokenArchive, "damaged"),
        (packed(("a.csv", b" " * (20 << 20))), UnpacksTooMuch, "200 times"),
        (packed(("a.csv", ANA), ("b.xyz", b" " * (20 << 20))), UnpacksTooMuch, "200 times"),
        (gzip.compress(b" " * (20 << 20)), UnpacksTooMuch, "200 times"),
        (b"PK\x05\x06" + b"\x00" * 18, NotATable, "not a table"),
        (b"7z\xbc\xaf\x27\x1c" + b"\x00" * 40, NotATable, "not a table"),
    ],
    ids=[
        "other columns", "more columns", "an empty file", "no tables", "zip in a zip", "named so",
        "gzip in a zip", "gzip in a gzip", "zip in a gzip", "too many", "locked", "cut off", "changed",
        "bomb", "bomb beside", "gzip bomb", "nothing in it", "another kind",
    ],
)  # fmt: skip
def test_archives_that_are_refused_say_why(
    read_bytes: ReadBytes, content: bytes, error: type[UnreadableFile], words: str
):
    with pytest.raises(error, match=words):
        read_bytes(content)


def test_what_is_too_large_is_refused_before_it_is_unpacked(
    read_bytes: ReadBytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(archive, "MAX_UNPACKED", 8 << 20)
    monkeypatch.setattr(archive, "SMALL", 1 << 20)
    noise = random.Random(1).randbytes(1 << 20).hex().encode()
    with pytest.raises(UnpackedTooLarge):
        read_bytes(packed(("a.csv", noise * 8), ("b.csv", b"x" * 100)))
    with pytest.raises(UnpackedTooLarge):
        read_bytes(gzip.compress(noise * 20, compresslevel=1))
    assert (tmp_path / "unpacked").stat().st_size < 4 << 20


def test_a_look_reads_the_beginning_only(tmp_path: Path):
    rows = b"".join(b"lead%d@example.com,x\n" % number for number in range(300_000))
    for number, (content, most) in enumerate(
        [
            (ANA + rows, 1.3),
            (ANA.decode().encode("utf-16") + rows.decode().encode("utf-16-le"), 1.3),
            (gzip.compress(ANA + rows), 1.3),
            (packed(("a.csv", ANA + rows), method=zipfile.ZIP_STORED), 1.3),
            (packed(("a.csv", ANA + rows), ("b.csv", ANA)), 1.3),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = Counted(content)
        with closing(open_beginning(source, size=len(content), scratch=folder)) as table:
            first = next(table.chunks()).rows
            assert (table.columns, first.row(0)) == (("email", "name"), (2, "ana@example.com", "Ana"))
        assert source.taken < most * (1 << 20)
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4 << 20


class Counted(io.BytesIO):
    """Bytes that know how many of them were read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_a_file_of_rejects_comes_back_without_what_we_wrote_around(read_bytes: ReadBytes):
    table = read_bytes(
        b"line,reason,email,phone,note\r\n"
        b"7,no e-mail,ana@example.com,'+55 11 91234-5678,'=1+1\r\n"
        b"b.csv:9,x,bia@example.com,11912345678,'quoted'\r\n"
        b"12,x,caio@example.com\r\n"
    )
    assert table.columns == ("email", "phone", "note")
    assert rows_of(table) == [
        (2, "ana@example.com", "+55 11 91234-5678", "=1+1"),
        (3, "bia@example.com", "11912345678", "'quoted'"),
    ]
    assert [(reject.line, reject.cells) for reject in rejects_of(table)] == [(4, ("caio@example.com",))]
    plain = read_bytes(b"line,email\n1,a@example.com\n")
    assert plain.columns == ("line", "email")
