"""Every named statement: it prepares, it writes its own tables only, it names the workspace."""

import re
import tomllib
from pathlib import Path

import psycopg
import pytest

from tests.sql.statements import Statement, make_temporary_tables, statements, touched

ROOT = Path(__file__).parents[2]
ALL_WORKSPACES = re.compile(r"--\s*all workspaces: \S+|\ball workspaces: \S+")
WORKSPACE_PARAMETER = re.compile(r"%\(\w*workspace_ids?\)s")

OWNERS = """
SELECT c.relname, substring(obj_description(c.oid) FROM '^owner: ([a-z_.]+)')
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
TENANT_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relforcerowsecurity
"""


@pytest.fixture(params=list(statements()), ids=str)
def statement(request: pytest.FixtureRequest) -> Statement:
    return request.param


@pytest.fixture
def prepared(schema: psycopg.Connection, statement: Statement) -> psycopg.Connection:
    make_temporary_tables(schema, statement.area)
    return schema


def storeys() -> list[set[str]]:
    """The areas from the highest storey to the lowest, as the import contracts order them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    order: list[set[str]] = [{"ops"}]
    for storey in ("product", "engine"):
        layers = next(c["layers"] for c in contracts if c.get("containers") == [f"mailgenius.{storey}"])
        order += [{f"{storey}.{area.strip()}" for area in layer.split("|")} for layer in layers]
    return order


def height(area: str) -> int:
    """How low an area lies: what it may read lies at least as low. Parts of kit and doors own no table."""
    return next(number for number, storey in enumerate(storeys()) if area in storey)


def test_it_prepares_and_keeps_to_its_tables(prepared: psycopg.Connection, statement: Statement):
    tables = touched(prepared, statement)
    owners = dict(prepared.execute(OWNERS).fetchall())
    foreign = {table for table in tables.writes if owners.get(table, statement.area) != statement.area}
    assert not foreign, f"{statement} writes tables of other areas: {sorted(foreign)}"
    above = {
        table
        for table in tables.reads
        if (owner := owners.get(table))
        and owner != statement.area
        and height(owner) <= height(statement.area)
    }
    assert not above, f"{statement} reads tables of areas that are not below its own: {sorted(above)}"


def test_it_names_the_workspace(prepared: psycopg.Connection, statement: Statement):
    tables = touched(prepared, statement)
    tenant_tables = {name for (name,) in prepared.execute(TENANT_TABLES).fetchall()}
    if not (tables.reads | tables.writes) & tenant_tables or statement.copy_target:
        return
    if ALL_WORKSPACES.search(statement.query.about) or ALL_WORKSPACES.search(statement.query.sql):
        return
    assert re.search(r"\bworkspace_id\b", statement.query.sql), f"{statement} does not mention workspace_id"
    assert WORKSPACE_PARAMETER.search(statement.query.sql), (
        f"{statement} is not given a workspace; if it must span all, say `-- all workspaces: why`"
    )
