"""Nothing that a person writes reaches the SQL, and nothing wrong gets past the reader. Loops, not cases."""

import itertools
from typing import Any

import pytest

from mailgenius.kit.errors import Invalid
from mailgenius.product.segments.compiling import compile_tree
from mailgenius.product.segments.known import Known
from mailgenius.product.segments.parsing import parse
from tests.product.segments.people import NOW, TIMEZONE, TYPES

NASTY = (
    "'; DROP TABLE leads; --", "' OR 1=1 --", '"; SELECT pg_sleep(9)', "%(workspace_id)s", "%s", "%%", "{0}",
    "{x}", "$1", "\\", "\\'; --", "/* narrowed */ true", "true /* narrowed */", "*/ OR true /*", "::text",
    "null", "NULL", "\n-- x", "\t", "\u202eevil", "𝔘𝔫𝔦", "ﬀ", "İ", "ß", "%_%", "a" * 1000, "c0", "%(c0)s",
    "leads.email", "1; COMMIT", "E'\\x27'", "$$;$$", "U&'\\0027'", "0x27", "${jndi:ldap://x}", "<script>",
    "../..", "{{7*7}}",
)  # fmt: skip
NOT_TEXTS: tuple[Any, ...] = (None, 1, 1.5, True, [], {}, [1], "", "  ", "a" * 1001, "a\0b", "\ud800")
NOT_LISTS: tuple[Any, ...] = (None, "a", 1, [], {}, [None], [[]], ["a", 1], [""], ["x"] * 501, [{"a": 1}])
NOT_NUMBERS: tuple[Any, ...] = (None, "1", True, [], {}, 1e19, -1e19, 10**400, float("inf"), float("nan"))
NOT_DATES: tuple[Any, ...] = (
    None, 20260101, "2026-02-30", "2026-1-1", "01/02/2026", "2026-01-01T00:00", "9999-99-99", "",
    "٢٠٢٦-٠١-٠١", [],
)  # fmt: skip
NOT_DAYS: tuple[Any, ...] = (None, -1, 36_501, "7", 1.0, True, [], {})
NOT_IDS: tuple[Any, ...] = (
    None, 1, "0", "01", "-1", "1.0", " 1", "1 ", "9" * 19, "١", "1; DROP", True, [], {},
)  # fmt: skip


def refused() -> list[Any]:
    """Trees that are wrong, each for one reason."""

    def value(key: str, op: str, wrong: Any) -> dict[str, Any]:
        return {"on": "field", "key": key, "op": op, "value": wrong}

    found: list[Any] = [value("city", op, x) for op in ("is", "contains") for x in NOT_TEXTS]
    found += [value(key, op, x) for key, op in (("city", "in"), ("likes", "any")) for x in NOT_LISTS]
    found += [value("age", op, x) for op in ("is", "less") for x in NOT_NUMBERS]
    found += [value("age", "between", x) for x in ([1], [2, 1], [1, "2"], "1-2", [1, 2, 3])]
    found += [value(key, op, x) for key, op in (("born", "on"), ("seen", "before")) for x in NOT_DATES]
    found += [value("born", "between", x) for x in (["2026-01-02", "2026-01-01"], ["2026-01-01"], None)]
    found += [value("born", op, x) for op in ("in_last", "anniversary") for x in NOT_DAYS]
    found += [value("born", "month", x) for x in (0, 13, "5", 1.5, True)]
    found += [value("pro", "is", x) for x in ("true", 1, None, "yes")]
    found += [value("city", "is_set", x) for x in ("x", 0, False, [])]
    found += [value("city", op, "x") for op in ("", "=", "IS", "is;", "any", None, 1, [], "less")]
    found += [value(key, "is", "x") for key in ("town", "", None, 1, "city'", "fields", [], *NASTY)]
    found += [
        {"on": "lead", "key": key, "op": "is", "value": "x"} for key in ("id", "search", "fields", None)
    ]
    found += [{"on": on, "op": "in", "value": ["x"]} for on in ("", "FIELD", None, 1, [], "sql", *NASTY[:3])]
    found += [{"on": "status", "op": "in", "value": x} for x in (["alive"], "active", *NOT_LISTS)]
    found += [{"on": "tag", "op": op, "value": ["x"]} for op in ("in", "", None, "&&")]
    found += [{"on": "segment", "op": "in", "value": x} for x in NOT_IDS]
    found += [{"on": "topic", "op": "wants", "value": x} for x in NOT_IDS]
    found += [{"on": "topic", "op": op, "value": "51"} for op in ("in", "want", "", None, [])]
    found += [{"on": "topic", "op": "wants"}, {"on": "topic", "op": "wants", "value": "51", "key": "news"}]
    found += [{"on": "import", "op": "in", "value": [x]} for x in NOT_IDS if str(x) == str(x).strip()]
    behaviour = {"on": "behaviour", "op": "did", "act": "opened"}
    found += [{**behaviour, "campaign": x} for x in NOT_IDS if x is not None]
    found += [{**behaviour, "times": x} for x in (0, -1, 1001, "2", 1.5, True)]
    found += [{**behaviour, "days": x} for x in (0, 36_501, "7", True)]
    found += [{**behaviour, "act": x} for x in ("reply", "REPLIED", "read", "", None, [])]
    found += [{"on": "share", "percent": x} for x in (0, 101, -1, "10", None, True, 0.001, float("nan"))]
    found += [{"on": "share", "percent": 50, **x} for x in ({"from": 51}, {"salt": 1}, {"salt": "a" * 1001})]
    found += [
        {**behaviour, "extra": 1},
        {**behaviour, NASTY[0]: 1},
        {"on": "consent", "op": "given", "value": 1},
        {"on": "consent", "op": "given", "channel": "pigeon"},
        {"on": "consent", "op": "given", "channel": ["email"]},
        {"on": "consent", "op": "withdrawn", "basis": None},
        {"on": "consent", "op": "taken"},
    ]
    found += [{"all": []}, {"any": {}}, {"none": None}, {"all": [1]}, {"all": ["x"]}, {"all": [], "any": []}]
    found += [{}, [], None, 1, "all", {"ALL": []}, {"all": [None]}, {NASTY[0]: []}]
    return found


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"on": "consent", "op": "given"}
    for _ in range(depth):
        tree = {"all": [tree]}
    return tree


def test_what_is_wrong_is_refused_with_its_place():
    one = {"on": "consent", "op": "given"}
    wrong = [{"all": [one, each]} for each in refused()]
    wrong += [
        nested(9),
        nested(20_000),
        {"all": [one] * 101},
        {"any": [{"all": [one] * 60}] * 2},
        one,
        [],
        "x",
    ]
    assert len(wrong) > 250
    for tree in wrong:
        with pytest.raises(Invalid) as raised:
            parse(tree, TYPES)
        assert raised.value.problems, tree
        assert all(problem.field.startswith("tree") for problem in raised.value.problems), tree


def test_what_a_person_wrote_is_always_a_parameter():
    known = Known(trees={}, orders={}, topics={}, timezone=TIMEZONE, now=NOW)
    kinds = (
        lambda text: {"on": "field", "key": "city", "op": "contains", "value": text},
        lambda text: {"on": "lead", "key": "email", "op": "in", "value": [text]},
        lambda text: {"on": "lead", "key": "phone", "op": "is", "value": text},
        lambda text: {"on": "field", "key": "likes", "op": "none", "value": [text]},
        lambda text: {"on": "tag", "op": "any", "value": [text]},
        lambda text: {"on": "share", "percent": 10, "salt": text},
    )
    plain = [compile_tree(parse({"all": [kind("plain")]}, TYPES), known).sql for kind in kinds]
    for text, (place, kind) in itertools.product(NASTY, enumerate(kinds)):
        if not text.strip():
            continue
        fragment = compile_tree(parse({"all": [kind(text)]}, TYPES), known)
        assert fragment.sql == plain[place]
    assert parse(nested(8), TYPES)
