"""Days of either order: a column tells which, by its values; what fits both ways is read as is usual."""

import polars as pl
import pytest

from mailgenius.product.imports.columns import Rules, normal_rows
from mailgenius.product.imports.date_orders import is_month_first
from mailgenius.product.imports.files.table import LINE, Chunk
from mailgenius.product.imports.mapping import targets_of
from mailgenius.product.imports.model import is_month_first_usual
from mailgenius.product.leads.model import FieldType, LeadField, Mode


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["05/06/2026", "31/01/2026"], False),
        (["05/06/2026", "01/31/2026 10:00"], True),
        (["05-06-2026", "", " 1.31.2026 "], True),
        (["05/06/2026", "06/07/2026"], "usual"),
        (["31/01/2026", "01/31/2026"], "usual"),
        (["13/13/2026", "01/31/2026"], True),
        (["31/01/2026", "01/31/2026", "28/02/2026"], False),
        (["2026-01-31", "", "soon", "1/2/26"], None),
        ([], None),
    ],
    ids=[
        "day first",
        "month first",
        "other signs",
        "both fit",
        "mixed",
        "one of no month",
        "one mistake",
        "none",
        "nothing",
    ],
)
@pytest.mark.parametrize("usual", [False, True])
def test_a_column_tells_its_order(values: list[str], order: object, usual: bool):
    found = is_month_first(pl.Series(values, dtype=pl.String), usual=usual)
    assert found == (usual if order == "usual" else order)


@pytest.mark.parametrize(
    ("locale", "timezone", "month_first"),
    [
        ("pt_BR", "America/Sao_Paulo", False),
        ("en", "America/Sao_Paulo", False),
        ("en", "Europe/London", False),
        ("en", "America/New_York", True),
        ("en", "America/Indiana/Knox", True),
        ("pt_BR", "America/New_York", False),
    ],
)
def test_what_is_usual_is_told_by_the_workspace(locale: str, timezone: str, month_first: bool):
    assert is_month_first_usual(locale=locale, timezone=timezone) is month_first


def test_days_of_a_month_first_column_are_turned_around():
    born = LeadField(key="born", label="Born", type=FieldType.DATE)
    targets = targets_of(
        {"mail": "email", "when": "consent_at", "born": "field:born"}, ["mail", "when", "born"]
    )
    rows = pl.DataFrame(
        {
            LINE: [2, 3, 4],
            "c0": ["a@example.com", "b@example.com", "c@example.com"],
            "c1": ["05/06/2026", "2026-05-06", "31/01/2026"],
            "c2": [" 1/31/1990", "", "12.01.1991"],
        }
    )
    rules = Rules(
        targets=targets,
        mode=Mode.MERGE,
        consent_source="",
        typed={"born": born},
        month_first=frozenset({1, 2}),
    )
    frame, rejects = normal_rows(Chunk(number=0, rows=rows, rejects=(), done=1), rules)
    assert frame["consent_at"].to_list() == ["2026-05-06T00:00:00+00:00"] * 2
    assert frame["fields"].to_list() == ['{"born":"1990-01-31"}', None]
    # A day that does not fit the order of its column costs its row, which comes back as it was.
    assert [(reject.line, reject.cells[1]) for reject in rejects] == [(4, "31/01/2026")]
