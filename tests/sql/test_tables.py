"""Every table: an owner that exists, and row-level security on what belongs to a tenant."""

import psycopg

from tests.sql.statements import PACKAGE

TABLES = """
SELECT c.relname AS name,
       substring(obj_description(c.oid) FROM '^owner: ([a-z_.]+)') AS owner,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') AS tenant,
       c.relforcerowsecurity AND c.relrowsecurity AS forced,
       ARRAY(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relname NOT LIKE 'procrastinate%' AND c.relname <> 'schema_migrations'
 ORDER BY 1
"""
# A session belongs to a person and only remembers the workspace shown last; doors cannot read it at all.
PEOPLES_TABLES = {"sessions"}


def test_every_table_names_an_owner_that_exists(schema: psycopg.Connection):
    for name, owner, *_ in schema.execute(TABLES):
        assert owner, f"table {name} names no owner in its comment"
        assert (PACKAGE / owner.replace(".", "/") / "__init__.py").exists(), f"owner {owner} of {name}"


def test_every_tenant_table_is_held_by_row_level_security(schema: psycopg.Connection):
    found = 0
    for name, _, tenant, forced, policies in schema.execute(TABLES):
        if tenant and name not in PEOPLES_TABLES:
            found += 1
            assert forced, f"{name} does not force row-level security"
            assert policies == ["door", "engine"], f"{name} has the policies {policies}"
    assert found > 20


def test_the_area_says_which_tables_it_owns(schema: psycopg.Connection):
    for name, owner, *_ in schema.execute(TABLES):
        text = (PACKAGE / owner.replace(".", "/") / "__init__.py").read_text()
        assert name in text, f"the docstring of {owner} does not name its table {name}"
