"""Compiled conditions choose exactly the leads that a plain evaluator in Python chooses."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from mailgenius.product.segments.compiling import compile_tree
from mailgenius.product.segments.describing import describe
from mailgenius.product.segments.known import Known
from mailgenius.product.segments.parsing import parse
from tests.product.segments.naive import member
from tests.product.segments.people import NOW, TIMEZONE, TOPICS, TYPES, make_people, orders, store
from tests.product.segments.trees import PLAIN, USING, groups

PEOPLE = make_people(120)


@pytest.fixture(scope="module")
def stored(server: str) -> Iterator[tuple[psycopg.Connection[Any], int]]:
    """A database with the same people in two workspaces, read as the engine reads."""
    name = f"segments_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} TEMPLATE template")
        with psycopg.connect(server.replace("/mailgenius?", f"/{name}?"), autocommit=True) as connection:
            ids = connection.execute(
                "INSERT INTO workspaces (name) VALUES ('Ours'), ('Theirs') RETURNING id"
            ).fetchall()
            theirs = make_people(60, seed=8)
            for person in theirs:
                person.id += 40  # Ids of leads are unique in their workspace only.
            store(connection, ids[0][0], PEOPLE)
            store(connection, ids[1][0], theirs)
            connection.execute("SET role mailgenius_engine")
            yield connection, ids[0][0]
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=groups(USING), first=groups(PLAIN), second=groups(USING))
def test_members_are_those_of_the_plain_evaluator(
    stored: tuple[psycopg.Connection[Any], int],
    tree: dict[str, Any],
    first: dict[str, Any],
    second: dict[str, Any],
):
    connection, workspace_id = stored
    # The second may use the first, and the tree both: no circle.
    second = json.loads(json.dumps(second).replace('"72"', '"71"'))
    raw = {"71": first, "72": second}
    trees = {int(key): parse(each, TYPES) for key, each in raw.items()}
    known = Known(trees=trees, orders=orders(), topics=TOPICS, timezone=TIMEZONE, now=NOW)
    parsed = parse(json.loads(json.dumps(tree)), TYPES)
    fragment = compile_tree(parsed, known)
    found = connection.execute(
        "SELECT id FROM leads WHERE workspace_id = %(workspace_id)s"
        f" AND id > %(after_id)s AND id <= %(until_id)s AND ({fragment.sql})",
        {"workspace_id": workspace_id, "after_id": 0, "until_id": 110, **fragment.parameters},
    ).fetchall()
    expected = {person.id for person in PEOPLE if person.id <= 110 and member(tree, person, raw)}
    assert {lead_id for (lead_id,) in found} == expected
    for locale in ("en", "pt_BR"):
        said = describe(parsed, locale=locale, fields={}, segments={}, campaigns={}, imports={}, topics={})
        assert "{" not in said
        assert len(said) > 12
