"""Spreadsheets: what their cells become, where their rows are, and what is no spreadsheet."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from mailgenius.product.imports.errors import (
    BrokenArchive,
    BrokenSpreadsheet,
    EmptyFile,
    NotATable,
    TooManyColumns,
    UnpacksTooMuch,
)
from mailgenius.product.imports.files import spreadsheet
from tests.factories.leads import all_leads
from tests.product.imports.conftest import ImportBytes, ReadBytes, rejects_of, rejects_text, rows_of


def workbook(*rows: list, sheets: int = 1) -> bytes:
    """A workbook with the rows on its last sheet."""
    book = openpyxl.Workbook()
    for _ in range(sheets - 1):
        book.create_sheet()
    sheet = book.worksheets[-1]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_become_what_a_person_sees(read_bytes: ReadBytes):
    table = read_bytes(
        workbook(
            ["e-mail", "phone", "id", "born", "at", "seen", "ok", "price", "none"],
            [
                "a@example.com",
                5511987654321,
                7.0,
                dt.date(1990, 5, 17),
                dt.time(10, 30),
                dt.datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001  # Spreadsheets know no zones.
                True,
                12.5,
                None,
            ],
        )
    )
    assert (table.columns[0], table.delimiter, table.encoding, table.rows_total) == ("e-mail", "", "", 1)
    assert rows_of(table) == [
        (
            2, "a@example.com", "5511987654321", "7", "1990-05-17", "10:30:00", "2026-01-02 03:04:05", "true",
            "12.5", "",
        )
    ]  # fmt: skip


def test_rows_keep_their_numbers(read_bytes: ReadBytes):
    table = read_bytes(
        workbook([], [None, "email", "name"], [], [None, "a@example.com", "Ana"], [], [None, "b"])
    )
    assert table.columns == ("email", "name")
    assert rows_of(table) == [(4, "a@example.com", "Ana"), (6, "b", "")]


def test_a_row_with_a_cell_beside_the_table_is_set_aside(read_bytes: ReadBytes):
    """As in delimited text: nothing that somebody wrote is left out silently. Blanks are nothing."""
    table = read_bytes(
        workbook(
            [None, "email", "name"],
            [None, "a@example.com", "Ana", None, "  "],
            [None, "b@example.com", "Bia", None, "call first"],
            ["x", "c@example.com", "Caio"],
        )
    )
    assert rows_of(table) == [(2, "a@example.com", "Ana")]
    assert [(each.line, each.reason, each.cells) for each in rejects_of(table)] == [
        (3, "the line has 4 cells; the header has 2", ("b@example.com", "Bia", "", "call first")),
        (4, "the line has 3 cells; the header has 2", ("x", "c@example.com", "Caio")),
    ]


def test_numbers_before_the_rows_are_a_column_without_a_name(read_bytes: ReadBytes):
    table = read_bytes(workbook([None, "email"], [0, "a@example.com"], [1, "b@example.com"]))
    assert table.columns == ("column 1", "email")
    assert rows_of(table) == [(2, "0", "a@example.com"), (3, "1", "b@example.com")]


def test_the_first_filled_sheet_is_read(read_bytes: ReadBytes):
    assert rows_of(read_bytes(workbook(["email"], ["a@example.com"], sheets=3))) == [(2, "a@example.com")]


def test_rows_come_in_chunks(read_bytes: ReadBytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spreadsheet, "CHUNK_ROWS", 10)
    table = read_bytes(workbook(["email"], *[[f"lead{n}@example.com"] for n in range(25)]))
    chunks = list(table.chunks())
    assert [(chunk.number, chunk.rows.height) for chunk in chunks] == [(0, 10), (1, 10), (2, 5)]
    assert chunks[-1].done == 1


def zipped(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (workbook(), EmptyFile),
        (workbook(["email"], ["a@example.com"])[:2000], BrokenArchive),
        (zipped(word__document=b"<w/>"), NotATable),
        (zipped(**{"xl__workbook.xml": b"<not a workbook"}), BrokenSpreadsheet),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, BrokenSpreadsheet),
    ],
    ids=[
        "nothing in it",
        "cut off",
        "a text document",
        "broken inside",
        "locked",
    ],
)
def test_what_is_no_table_is_refused_in_words(read_bytes: ReadBytes, content: bytes, error: type[Exception]):
    with pytest.raises(error) as refused:
        read_bytes(content)
    assert str(refused.value)


def test_a_cover_with_a_title_is_not_the_table(read_bytes: ReadBytes):
    book = openpyxl.load_workbook(io.BytesIO(workbook(["email"], ["a@example.com"], sheets=2)))
    book.worksheets[0].append(["Clientes de 2026"])
    out = io.BytesIO()
    book.save(out)
    assert rows_of(read_bytes(out.getvalue())) == [(2, "a@example.com")]


def handmade(sheet: bytes, strings: bytes = b"<sst/>", *, names: int = 1) -> bytes:
    """A workbook whose XML nobody checked, with many names of its sheet if you like."""
    relation = b'<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>'
    return zipped(
        **{
            "xl__workbook.xml": b'<workbook xmlns:r="r"><sheets>'
            + b'<sheet name="S" r:id="r1"/>' * names
            + b"</sheets></workbook>",
            "xl___rels__workbook.xml.rels": relation,
            "xl__sharedStrings.xml": strings,
            "xl__worksheets__sheet1.xml": b"<worksheet><sheetData>" + sheet + b"</sheetData></worksheet>",
        }
    )


HEADER_ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>email</t></is></c></row>'


def test_a_cell_far_away_costs_no_memory(read_bytes: ReadBytes):
    """Between the first cell and this one are sixteen million others that nobody wrote."""
    far = b'<row r="1048576"><c r="A1048576" t="str"><v>a@example.com</v></c></row>'
    assert rows_of(read_bytes(handmade(HEADER_ROW + far))) == [(1048576, "a@example.com")]
    with pytest.raises(TooManyColumns):
        rows_of(read_bytes(handmade(HEADER_ROW + b'<row r="2"><c r="XFD2"><v>1</v></c></row>')))
    with pytest.raises(BrokenSpreadsheet):
        rows_of(read_bytes(handmade(HEADER_ROW + b'<row r="1048577"><c r="A2"><v>1</v></c></row>')))


def test_one_text_in_very_many_cells_comes_in_small_chunks(
    read_bytes: ReadBytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spreadsheet, "CHUNK_CHARS", 100_000)
    strings = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    rows = b"".join(b'<row><c t="s"><v>0</v></c></row>' for _ in range(50))
    table = read_bytes(handmade(HEADER_ROW + rows, strings))
    assert [chunk.rows.height for chunk in table.chunks()] == [4] * 12 + [2]


def test_an_empty_sheet_with_many_names_is_looked_into_once(read_bytes: ReadBytes):
    content = handmade(b" " * (4 << 20), names=50_000)
    with pytest.raises(EmptyFile):
        read_bytes(content)


def test_a_document_type_is_refused(read_bytes: ReadBytes):
    laughs = b'<!DOCTYPE sst [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    with pytest.raises(BrokenSpreadsheet):
        read_bytes(handmade(HEADER_ROW, laughs))


def test_a_bomb_is_not_unpacked(read_bytes: ReadBytes):
    bomb = handmade(HEADER_ROW + b" " * (20 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(UnpacksTooMuch):
        read_bytes(bomb)


async def test_a_spreadsheet_becomes_leads(db, import_bytes: ImportBytes, workspace_id: int):
    content = workbook(
        ["Nome", "E-mail", "Celular", "Cliente desde"],
        ["Ana", "ana@example.com", 11987654321, dt.date(2024, 2, 29)],
        ["Sem", "sem", None, None],
        [None, None, None, None],
        ["Bia", "bia@example.com", "+351 912 345 678", None],
    )
    done = await import_bytes(workspace_id, content)
    assert (done.rows_read, done.rows_created, done.rows_rejected, done.error) == (3, 2, 1, "")
    ana, bia = await all_leads(db, workspace_id)
    assert (ana.phone, ana.fields) == ("+5511987654321", {"cliente_desde": "2024-02-29"})
    assert (bia.phone, bia.fields) == ("+351912345678", {})
    assert "\r\n3,“sem” is not an e-mail address,Sem,sem,,\r\n" in await rejects_text(
        db, workspace_id, done.id
    )
