"""Files as they come: encodings, delimiters, quotes, broken lines. Each odd file is here by its bytes."""

import gzip
import io

import pytest

from mailgenius.product.imports.errors import (
    BrokenArchive,
    EmptyFile,
    NoHeader,
    NotATable,
    TooManyColumns,
)
from mailgenius.product.imports.files import separated
from tests.product.imports.conftest import ReadBytes, rejects_of, rows_of

TEXT = "email,nome\njoao@example.com,João\nana@example.com,Ana Conceição\n"
ROWS = [(2, "joao@example.com", "João"), (3, "ana@example.com", "Ana Conceição")]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-8"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-8"),
        (TEXT.encode("utf-16-le"), "utf-8"),
        (TEXT.replace("\n", "\r\n").encode(), "utf-8"),
        (TEXT.replace("\n", "\r").encode(), "utf-8"),
        (TEXT.rstrip("\n").encode(), "utf-8"),
        (gzip.compress(TEXT.encode()), "utf-8"),
        (gzip.compress(TEXT.encode("utf-16")), "utf-8"),
    ],
    ids=[
        "utf-8", "utf-8 with a mark", "windows-1252", "utf-16 with a mark", "utf-16 big-endian",
        "utf-16 without a mark", "crlf", "cr alone", "no last line feed", "gzip", "gzip of utf-16",
    ],
)  # fmt: skip
def test_encodings_and_line_ends(read_bytes: ReadBytes, content: bytes, encoding: str):
    table = read_bytes(content)
    assert (table.columns, table.encoding) == (("email", "nome"), encoding)
    assert rows_of(table) == ROWS
    assert rejects_of(table) == []
    assert table.rows_total == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(read_bytes: ReadBytes, delimiter: str):
    table = read_bytes(TEXT.replace(",", delimiter).encode())
    assert table.delimiter == delimiter
    assert rows_of(table) == ROWS


def test_the_delimiter_that_fits_the_rows_wins(read_bytes: ReadBytes):
    table = read_bytes(b"email;name\na@example.com;Souza, Ana, Dra\nb@example.com;Lima, Bia, Dra\n")
    assert table.delimiter == ";"
    assert rows_of(table)[0] == (2, "a@example.com", "Souza, Ana, Dra")


def test_a_spreadsheet_may_name_its_delimiter(read_bytes: ReadBytes):
    table = read_bytes(b"sep=;\r\nemail;name\r\na@example.com;Ana\r\n")
    assert (table.columns, table.delimiter) == (("email", "name"), ";")
    assert rows_of(table) == [(3, "a@example.com", "Ana")]


def test_one_column_is_a_table(read_bytes: ReadBytes):
    table = read_bytes(b"email\na@example.com\n\nb@example.com\n")
    assert rows_of(table) == [(2, "a@example.com"), (4, "b@example.com")]


def test_quotes_hold_delimiters_line_ends_and_quotes(read_bytes: ReadBytes):
    table = read_bytes(
        b'email,name,note\n"a@example.com","Souza, Ana","said ""yes"""\nb@example.com,Bia,"two\nlines"\n'
        b'c@example.com,Caio 2" tall,x\nd@example.com,Davi,\n'
    )
    assert rows_of(table) == [
        (2, "a@example.com", "Souza, Ana", 'said "yes"'),
        (3, "b@example.com", "Bia", "two\nlines"),
        (5, "c@example.com", 'Caio 2" tall', "x"),
        (6, "d@example.com", "Davi", ""),
    ]
    assert rejects_of(table) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"bad@example.com", "the line has 1 cells; the header has 2"),
        (b"bad@example.com,x,y,z", "the line has 4 cells; the header has 2"),
        (b'"bad@example.com",x,"y"', "the line has 3 cells; the header has 2"),
        (b'bad@example.com,"never closed', "a quote in this line is not closed, or not doubled"),
        (b'bad@example.com,"Ana "Bia" Souza"', "a quote in this line is not closed, or not doubled"),
        (b"bad@example.com,Jo\xe3o", "the line is not written in UTF-8: byte 19 does not belong"),
        (b",", None),
    ],
    ids=["too few", "too many", "too many, quoted", "open quote", "inner quote", "stray byte", "empty cells"],
)
def test_a_bad_line_costs_itself_only(read_bytes: ReadBytes, line: bytes, reason: str | None):
    before, after = "ok1@example.com,Antônio\n".encode(), "ok2@example.com,Zoë\n".encode()
    table = read_bytes(b"email,name\n" + before + line + b"\n" + after + b'ok3@example.com,"C, D"\n')
    good = [(2, "ok1@example.com", "Antônio"), (4, "ok2@example.com", "Zoë"), (5, "ok3@example.com", "C, D")]
    if reason is None:
        assert rows_of(table) == [good[0], (3, "", ""), *good[1:]]
        return
    assert rows_of(table) == good
    (reject,) = rejects_of(table)
    assert (reject.line, reject.reason) == (3, reason)
    assert reject.cells[0] == "bad@example.com"


def test_an_undefined_byte_of_windows_1252_costs_its_line(read_bytes: ReadBytes):
    table = read_bytes(
        b"email,name\na@example.com,Jo\xe3o\nb@example.com,\x81\nc@example.com,Concei\xe7\xe3o\n"
    )
    assert [row[2] for row in rows_of(table)] == ["João", "Conceição"]
    assert [(reject.line, reject.reason) for reject in rejects_of(table)] == [
        (3, "the line is not written in Windows-1252: byte 15 does not belong")
    ]


def test_a_forgotten_quote_at_the_end_swallows_nothing(read_bytes: ReadBytes):
    lines = "".join(f"lead{number}@example.com,x\n" for number in range(1000))
    table = read_bytes(b'email,name\nbad@example.com,"open\n' + lines.encode())
    assert len(rows_of(table)) == 1000
    assert [reject.line for reject in rejects_of(table)] == [2]


def test_two_forgotten_quotes_do_not_join(read_bytes: ReadBytes):
    table = read_bytes(
        b'email,name\na@example.com,"open\nb@example.com,Bia\nc@example.com,"open too\nd@example.com,D\n'
    )
    assert [row[0] for row in rows_of(table)] == [3, 5]
    assert [reject.line for reject in rejects_of(table)] == [2, 4]


def test_chunks_depend_on_the_file_alone(read_bytes: ReadBytes, monkeypatch: pytest.MonkeyPatch):
    """Records that cross the end of a chunk are read once, whole, and with their own lines."""
    monkeypatch.setattr(separated, "CHUNK_BYTES", 200)
    parts = []
    for number in range(200):
        parts.append(f"lead{number}@example.com,plain\n")
        parts.append(f'quoted{number}@example.com,"line one\nline two\n\nline {number}"\n')
    text = "email,note\n" + "".join(parts)
    table = read_bytes(text.encode())
    chunks = list(table.chunks())
    assert len(chunks) > 40
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    rows = [row for chunk in chunks for row in chunk.rows.rows()]
    assert len(rows) == 400
    lines = text.split("\n")
    for line, email, note in rows:
        assert lines[line - 1].startswith(email)
        assert note == "plain" or note.startswith("line one\nline two\n\nline ")
    again = list(table.chunks())
    assert [chunk.rows.rows() for chunk in again] == [chunk.rows.rows() for chunk in chunks]
    assert chunks[-1].done == 1


def test_a_line_without_end_is_one_bad_line(read_bytes: ReadBytes):
    table = read_bytes(b"email\na@example.com\n" + b"x" * (3 << 20) + b"\nb@example.com\n")
    assert rows_of(table) == [(2, "a@example.com"), (4, "b@example.com")]
    assert [(reject.line, reject.reason) for reject in rejects_of(table)] == [
        (3, "the line is longer than 1 MiB")
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"\n\n  \n", EmptyFile),
        (b"\xef\xbb\xbf", EmptyFile),
        (b"a@example.com,Ana\nb@example.com,Bia\n", NoHeader),
        ((",".join(f"c{number}" for number in range(301)) + "\n").encode(), TooManyColumns),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", NotATable),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", NotATable),
        (bytes(range(256)) * 40, NotATable),
        (b"\xef\xbb\xbf\n<HTML><table><tr><td>email</td>\n<tr><td>a@example.com</table>\n", NotATable),
        (b"\x00" * 5000, EmptyFile),
        (b"PK\x03\x04 not really a zip", BrokenArchive),
        (gzip.compress(TEXT.encode() * 100)[:80], BrokenArchive),
        (gzip.compress(b"\x7fELF\x02\x01\x01\x00\x00\x00"), NotATable),
    ],
    ids=[
        "no bytes", "blank lines", "only a mark", "no header", "too many columns", "pdf", "png", "noise",
        "a page", "zeros", "broken zip", "cut-off gzip", "gzip of a program",
    ],
)  # fmt: skip
def test_what_is_not_a_table_is_refused_in_words(
    read_bytes: ReadBytes, content: bytes, error: type[Exception]
):
    with pytest.raises(error) as refused:
        read_bytes(content)
    assert str(refused.value)


def test_a_quoted_header_may_span_lines(read_bytes: ReadBytes):
    table = read_bytes(io.BytesIO(b'"email","full\nname"\na@example.com,Ana\n').getvalue())
    assert table.columns == ("email", "full\nname")
    assert rows_of(table) == [(3, "a@example.com", "Ana")]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (b"email,email,x", ("email", "email 2", "x")),
        (b"tel,TEL,tel 2", ("tel", "TEL 3", "tel 2")),
        (b",email,", ("column 1", "email", "column 3")),
        (b'email, "full, name" ,plan\rof sale', ("email", "full, name", "plan of sale")),
    ],
    ids=["two of a name", "but for case", "no names", "blank before a quote, stray return"],
)
def test_columns_without_a_name_of_their_own_get_one(
    read_bytes: ReadBytes, header: bytes, columns: tuple[str, ...]
):
    table = read_bytes(header + b"\na,b,c\n")
    assert (table.columns, rows_of(table)) == (columns, [(2, "a", "b", "c")])


@pytest.mark.parametrize("rows", [b"1,a@x.com\n2,b@x.com\n", b'1,a@x.com\n2",b@x.com\n'])
def test_a_quote_in_a_name_that_opens_nothing_swallows_no_rows(read_bytes: ReadBytes, rows: bytes):
    table = read_bytes(b'size 5",email\n' + rows)
    assert table.columns == ('size 5"', "email")
    assert [row[-1] for row in rows_of(table)] == ["a@x.com", "b@x.com"]


def test_empty_cells_behind_the_last_column_are_nothing(read_bytes: ReadBytes):
    table = read_bytes(
        b'email,name\na@example.com,Ana,\nb@example.com,"B, C", ,\nc@example.com,C,,x\nd@x.org,D\n'
    )
    assert rows_of(table) == [(2, "a@example.com", "Ana"), (3, "b@example.com", "B, C"), (5, "d@x.org", "D")]
    assert [(reject.line, reject.cells) for reject in rejects_of(table)] == [
        (4, ("c@example.com", "C", "", "x"))
    ]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (b"b@example.com,B\rc@example.com,C", ("b@example.com", "B c@example.com", "C")),
        (b"b@example.com," + b"x" * 200_000 + b",y", ("b@example.com", "x" * 200_000, "y")),
    ],
    ids=["a return within", "a cell of 200 kB"],
)
def test_a_strange_ragged_line_costs_itself_only(read_bytes: ReadBytes, line: bytes, cells: tuple[str, ...]):
    table = read_bytes(b"email,name\na@example.com,A\n" + line + b"\nd@example.com,D\n")
    assert [row[0] for row in rows_of(table)] == [2, 4]
    assert [(reject.line, reject.cells) for reject in rejects_of(table)] == [(3, cells)]


def test_long_cells_and_zero_bytes_are_read(read_bytes: ReadBytes):
    table = read_bytes(b'email,note\na@example.com,"' + b"x" * 200_000 + b'"\nb@example.com,y\x00\x00z\n')
    assert [(row[1], len(row[2])) for row in rows_of(table)] == [
        ("a@example.com", 200_000),
        ("b@example.com", 4),
    ]
    assert rejects_of(table) == []
