"""Whole columns against the rules of one value: the quick way must never decide otherwise."""

import json
import random
from collections.abc import Callable

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from mailgenius.product.imports import cells as settling
from mailgenius.product.imports.cells import array_literal, moment, split_tags
from mailgenius.product.imports.columns import Rules, normal_rows
from mailgenius.product.imports.files.table import LINE, Chunk, cell_name
from mailgenius.product.imports.mapping import targets_of
from mailgenius.product.imports.parts import _tags
from mailgenius.product.leads import normalise
from mailgenius.product.leads.model import Mode

LETTERS = "aAzZéÉçßİıſKÅñЖ中א𝒳e\u0301" + "0189"
SIGNS = " .,;:@+-_/'\"\\()[]{}<>=&#%!?|~^`$*\t\n\r\x00\x1f\x7f\x85\xa0\xad\u200b\u2028\ufeff\u3000–“"
TEXTS = st.text(alphabet=LETTERS + SIGNS, max_size=20)
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.text(alphabet="abZé0.+-_'\" ", min_size=1, max_size=70),
    st.text(alphabet="abZé0.-_", min_size=1, max_size=70),
    st.sampled_from(["com", "com.br", "BR", "c", "1", "", "é", "com."]),
)
PHONES = st.from_regex(
    r"[ ]?(\+|00|0)?(55)?[ ]?\(?[0-9]{0,3}\)?[ .-]?[0-9]{2,6}[ .-]?[0-9]{2,6}[ x]?", fullmatch=True
)
WORLD = [
    form(example)
    for region in phonenumbers.SUPPORTED_REGIONS
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    if (example := phonenumbers.example_number_for_type(region, kind))
    for form in (
        lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) + "7",
        lambda number: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[:-1],
        lambda number: f"+{number.country_code}0{number.national_number}",
        lambda number: f"+{number.country_code}1{number.national_number}",
        lambda number: f"+{number.country_code}8{number.national_number}",
    )
]

RULES: dict[str, tuple[Callable, Callable[[str], object]]] = {
    "email": (settling.emails, normalise.email),
    "phone": (settling.phones, normalise.phone),
    "line": (settling.lines, normalise.line),
    "external_id": (
        settling.external_ids,
        lambda cell: normalise.line(cell, limit=normalise.MAX_EXTERNAL_ID),
    ),
    "json": (lambda raw: settling.Settled(values=settling.json_texts(raw)), normalise.text),
}


def check(name: str, cells: list[str]) -> None:
    settle, rule = RULES[name]
    settled = settle(pl.Series(cells, dtype=pl.String))
    for place, cell in enumerate(cells):
        value = settled.values[place]
        problem = None if settled.problems is None else settled.problems[place]
        plain = json.loads(value) if name == "json" and value is not None else value
        assert (plain, problem) == decided(rule, cell), repr(cell)


def decided(rule: Callable[[str], object], cell: str) -> tuple[object, str | None]:
    try:
        return (rule(cell) or None) if cell.strip() else None, None
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize("name", list(RULES))
@given(cells=st.lists(st.one_of(TEXTS, ADDRESSES, PHONES), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_columns_decide_as_single_values_do(name: str, cells: list[str]):
    check(name, cells)


def test_phones_of_the_whole_world():
    check("phone", WORLD)


def test_phones_of_brazil():
    dice = random.Random(7)
    numbers = []
    for area in range(100):
        for length in (7, 8, 9, 10):
            digits = f"{area:02d}{dice.randint(10 ** (length - 1), 10**length - 1)}"
            numbers += [
                digits,
                "+55" + digits,
                "55" + digits,
                "0" + digits,
                f"({digits[:2]}) {digits[2:6]}-{digits[6:]}",
            ]
    check("phone", numbers)


@given(st.lists(TEXTS, max_size=6))
@settings(max_examples=100, deadline=None)
def test_an_array_literal_comes_back(values: list[str]):
    tags = normalise.tags(values)
    assert _tags(array_literal(tags)) == tags


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31 10:20:30", "2026-01-31T10:20:30+00:00"),
        ("2026-01-31T10:20:30-03:00", "2026-01-31T13:20:30+00:00"),
        ("31/01/2026", "2026-01-31T00:00:00+00:00"),
        ("31/1/2026 10:20", "2026-01-31T10:20:00+00:00"),
    ],
)
def test_times_are_read_as_people_write_them(cell: str, expected: str):
    assert moment(cell) == expected


@pytest.mark.parametrize("cell", ["yesterday", "31/13/2026", "2026-02-30", "12", "99999999999"])
def test_what_is_no_time_is_refused(cell: str):
    with pytest.raises(ValueError, match="is not a date"):
        moment(cell)


def frame_of(columns: list[str], rows: list[list[str]]) -> Chunk:
    data = {cell_name(place): [row[place] for row in rows] for place in range(len(columns))}
    frame = pl.DataFrame({LINE: pl.Series(range(2, len(rows) + 2), dtype=pl.Int64), **data})
    return Chunk(number=0, rows=frame, rejects=(), done=1)


def normal(mapping: dict[str, str], rows: list[list[str]], mode: Mode = Mode.MERGE, consent: str = ""):
    rules = Rules(targets=targets_of(mapping, list(mapping)), mode=mode, consent_source=consent)
    frame, rejects = normal_rows(frame_of(list(mapping), rows), rules)
    return frame.rows(named=True), [(reject.line, reject.reason, reject.cells) for reject in rejects]


MAPPING = {
    "mail": "email",
    "first": "name",
    "last": "name",
    "t1": "tags",
    "t2": "tags",
    "city": "field:city",
    "age": "field:age",
    "ok": "status",
    "src": "consent_source",
    "x": "skip",
}


def test_a_row_in_normal_form():
    rows, rejects = normal(
        MAPPING,
        [["A@Example.com", " Ana ", "Souza", "vip;new", "vip, x", 'Re"cife\\', "34", "Ativo", "page", "?"]],
    )
    assert rejects == []
    (row,) = rows
    assert (row["email"], row["name"], row["status"]) == ("a@example.com", "Ana Souza", "active")
    assert (row["tags"], row["consent_source"]) == ('{"vip","new","x"}', "page")
    assert json.loads(row["fields"]) == {"city": 'Re"cife\\', "age": "34"}


def test_empty_cells_say_nothing_or_clear():
    empty = [["a@example.com", "", " ", "", "", "", "", "", "", ""]]
    (merged,), _ = normal(MAPPING, empty)
    said = ("name", "tags", "fields", "status", "consent_source")
    assert [merged[name] for name in said] == [None] * 5
    (replaced,), _ = normal(MAPPING, empty, Mode.OVERWRITE)
    assert [replaced[name] for name in said] == ["", "{}", '{"city":null,"age":null}', None, ""]
    (given,), _ = normal(MAPPING, empty, consent="fair 2026")
    assert given["consent_source"] == "fair 2026"


def test_everything_wrong_with_a_row_is_said():
    mapping = {"mail": "email", "tel": "phone", "ok": "status", "when": "consent_at"}
    rows, rejects = normal(
        mapping, [["no", "1", "perhaps", "never"], ["", "", "", ""], ["a@example.com", "", "", ""]]
    )
    assert [row["email"] for row in rows] == ["a@example.com"]
    assert rejects == [
        (
            2,
            (
                "“no” is not an e-mail address; “1” is not a phone number; "
                "“perhaps” is not a status; “never” is not a date: write it as 2026-01-31"
            ),
            ("no", "1", "perhaps", "never"),
        ),
        (3, "an e-mail, a phone or an external id is needed", ("", "", "", "")),
    ]


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+03:00", "9999-12-31T23:59:59-03:00", "01/01/0001"])
def test_a_consent_at_an_end_of_the_calendar_costs_its_row_alone(when: str):
    """Programs that know no time write such a one."""
    rows, rejects = normal({"mail": "email", "when": "consent_at"}, [["a@a.com", when], ["b@b.com", ""]])
    assert [row["email"] for row in rows] == ["b@b.com"]
    assert rejects[0][1] == f"“{when}” is not a date: write it as 2026-01-31"


def test_tags_may_be_parted_by_commas_semicolons_and_bars():
    assert split_tags(" a, b;c | a\nd,,") == ("a", "b", "c", "d")


def test_too_many_tags_cost_the_row():
    rows, rejects = normal(
        {"mail": "email", "t": "tags"}, [["a@example.com", ",".join(map(str, range(101)))]]
    )
    assert rows == []
    assert rejects[0][1] == "a lead has at most 100 tags"
