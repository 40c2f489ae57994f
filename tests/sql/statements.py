"""All named statements of the product, and what PostgreSQL itself says that each of them touches."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

import mailgenius
from mailgenius.kit.db.queries import Query, parse_queries

PACKAGE = Path(mailgenius.__file__).parent
COPY = re.compile(r"COPY\s+(?P<table>\w+)\s*\((?P<columns>[^)]*)\)\s*FROM", re.IGNORECASE)
UTILITY = re.compile(
    r"(CREATE|DROP|TRUNCATE|ALTER|LOCK|SET|ANALYZE|VACUUM|NOTIFY|LISTEN|REFRESH)\b", re.IGNORECASE
)
PARTITION = re.compile(r"^messages_p\d{6}$")
PARAMETER = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True)
class Statement:
    """A statement and the area whose queries.sql holds it, such as `product.leads`."""

    area: str
    query: Query

    def __str__(self) -> str:
        return f"{self.area}/{self.query.name}"

    @property
    def copy_target(self) -> re.Match[str] | None:
        return COPY.match(self.query.sql)

    @property
    def utility(self) -> bool:
        """Whether it is a command that has no plan, such as the making of a temporary table."""
        return UTILITY.match(self.query.sql) is not None

    @property
    def numbered(self) -> str:
        """The SQL with the server's own placeholders; a COPY becomes the SELECT of its columns."""
        numbers: dict[str, str] = {}

        def number(match: re.Match[str]) -> str:
            return numbers.setdefault(match[1], f"${len(numbers) + 1}") if match[1] else "%"

        if copy := self.copy_target:
            return f"SELECT {copy['columns']} FROM {copy['table']}"
        return PARAMETER.sub(number, self.query.sql)


@dataclass(frozen=True)
class Touched:
    """Tables that a statement reads and writes."""

    reads: frozenset[str]
    writes: frozenset[str]


@cache
def areas() -> dict[str, tuple[Statement, ...]]:
    """Every statement, by area."""
    found = {}
    for path in sorted(PACKAGE.rglob("queries.sql")):
        area = ".".join(path.parent.relative_to(PACKAGE).parts)
        queries = parse_queries(path.read_text(encoding="utf-8")).values()
        found[area] = tuple(Statement(area, query) for query in queries)
    return found


def statements() -> Iterator[Statement]:
    for of_area in areas().values():
        yield from of_area


def make_temporary_tables(connection: psycopg.Connection[Any], area: str) -> None:
    """Make the temporary tables that statements of this area work on."""
    for statement in areas()[area]:
        if re.match(r"CREATE\s+TEMP", statement.query.sql, re.IGNORECASE):
            connection.execute(statement.query.sql.encode())


def touched(connection: psycopg.Connection[Any], statement: Statement) -> Touched:
    """Ask the planner which tables a statement reads and writes. Fails when it does not prepare."""
    if statement.utility:
        return Touched(frozenset(), frozenset())
    connection.execute(f"PREPARE checked AS {statement.numbered}".encode())
    connection.execute("DEALLOCATE checked")
    row = connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement.numbered}".encode()).fetchone()
    assert row is not None
    plans = row[0] if isinstance(row[0], list) else json.loads(row[0])
    reads: set[str] = set()
    writes: set[str] = set()
    for plan in plans:
        _walk(plan["Plan"], reads, writes)
    if copy := statement.copy_target:
        writes.add(copy["table"])
    return Touched(frozenset(reads), frozenset(writes))


def _walk(node: dict[str, Any], reads: set[str], writes: set[str]) -> None:
    into = writes if node["Node Type"] == "ModifyTable" else reads
    for target in [node, *node.get("Target Tables", [])]:
        if name := target.get("Relation Name"):
            into.add("messages" if PARTITION.match(name) else name)
    for child in node.get("Plans", []):
        _walk(child, reads, writes)
