"""Strategies that make trees which are allowed, on the people of `people.py`."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from mailgenius.product.leads.model import FieldType
from mailgenius.product.segments.tree import ATTRIBUTES, OPERATORS, Act, On, Shape
from tests.product.segments.people import CAMPAIGNS, CITIES, LIKES, PLANS, STATUSES, TAGS, TOPICS, TYPES

WORDS = st.sampled_from(
    [
        *CITIES,
        *PLANS,
        *LIKES,
        "e",
        "lead1@A.example",
        "+5511987000001",
        "Crm-2",
        "ana",
        "form",
        "É",
        "12",
        "true",
    ]
)
NUMBERS = st.one_of(st.integers(-10, 130), st.sampled_from([30.5, 42, 18, 0.1]))
DATES = st.one_of(
    st.dates(min_value=date(1950, 1, 1), max_value=date(2030, 1, 1)), st.just(date(2000, 2, 29))
).map(date.isoformat)
DAYS = st.one_of(st.integers(0, 40), st.sampled_from([365, 366, 4000]))
VALUES: dict[Shape, st.SearchStrategy[Any]] = {
    Shape.NOTHING: st.none(),
    Shape.TEXT: WORDS,
    Shape.TEXTS: st.lists(WORDS, min_size=1, max_size=3),
    Shape.NUMBER: NUMBERS,
    Shape.NUMBERS: st.tuples(NUMBERS, NUMBERS).map(sorted),
    Shape.DATE: DATES,
    Shape.DATES: st.tuples(DATES, DATES).map(sorted),
    Shape.DAYS: DAYS,
    Shape.MONTH: st.integers(1, 12),
    Shape.YES_NO: st.booleans(),
}


def _values(on: On, kinds: dict[str, FieldType]) -> st.SearchStrategy[dict[str, Any]]:
    asked = [(key, op, shape) for key, kind in kinds.items() for op, shape in OPERATORS[kind].items()]
    return st.sampled_from(asked).flatmap(
        lambda each: VALUES[each[2]].map(
            lambda value: (
                {"on": on.value, "key": each[0], "op": each[1]} | ({} if value is None else {"value": value})
            )
        )
    )


def _some(choices: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=3)


BEHAVIOUR = st.fixed_dictionaries(
    {
        "on": st.just("behaviour"),
        "op": st.sampled_from(["did", "did_not"]),
        "act": st.sampled_from([act.value for act in Act]),
    },
    optional={
        "campaign": st.sampled_from([None, *map(str, CAMPAIGNS), "39"]),
        "times": st.integers(1, 3),
        "days": st.sampled_from([None, 1, 7, 30, 54]),
    },
)
CONSENT = st.fixed_dictionaries(
    {"on": st.just("consent"), "op": st.sampled_from(["given", "missing", "withdrawn"])},
    optional={
        "channel": st.sampled_from([None, "email", "sms"]),
        "basis": st.sampled_from(["consent", "contract", "any"]),
    },
)
SHARE = st.fixed_dictionaries(
    {"on": st.just("share"), "percent": st.sampled_from([0.5, 10, 33.33, 50])},
    optional={"from": st.sampled_from([0, 10, 49.5]), "salt": st.sampled_from(["a", "B'; --", "é"])},
)
SEGMENT_NUMBERS = ("71", "72")


def _on(on: str, ops: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"on": st.just(on), "op": st.sampled_from(ops), "value": values})


PLAIN = st.one_of(
    _values(On.FIELD, TYPES),
    _values(On.LEAD, ATTRIBUTES),
    _on("status", ["in", "not_in"], _some(STATUSES)),
    _on("tag", ["any", "all", "none"], _some(TAGS)),
    CONSENT,
    _on("topic", ["wants", "wants_not"], st.sampled_from([str(number) for number in TOPICS])),
    BEHAVIOUR,
    _on("import", ["in", "not_in"], _some(("5", "6", "7"))),
    SHARE,
)
USING = st.one_of(PLAIN, PLAIN, PLAIN, _on("segment", ["in", "not_in"], st.sampled_from(SEGMENT_NUMBERS)))


def groups(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Groups of conditions and of groups."""

    def group(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.tuples(
            st.sampled_from(["all", "any", "none"]), st.lists(nodes, min_size=1, max_size=3)
        ).map(lambda parts: {parts[0]: parts[1]})

    return group(st.recursive(leaves, group, max_leaves=5))
