"""Query files: every statement of an area in its queries.sql, loaded once by name.

Grammar of a file: `-- name: verb-noun`, then one or more comment lines that say what the statement is for,
then SQL with named parameters `%(name)s`. A literal percent sign is written twice. Where a statement may be
narrowed to a compiled condition it says `true /* narrowed */`; where it may read other rows than its own,
these stand between `/* rows */` and `/* end of rows */`. What several statements of a file say alike is a
part: it begins with `-- part: noun` instead of a name, and stands where they say `/* part: noun */` below it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_NAME = re.compile(r"^-- (name|part): ([a-z][a-z0-9-]*)$", re.MULTILINE)
_PART = re.compile(r"/\* part: ([a-z][a-z0-9-]*) \*/")
_PARAMETER = re.compile(r"%\((\w+)\)s")
NARROWED = "true /* narrowed */"
_ROWS = re.compile(r"/\* rows \*/.*?/\* end of rows \*/", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fragment:
    """A condition or a SELECT, put together from a closed set of pieces of SQL; every value is a parameter.

    Whoever compiles it says which tables and which parameters of the statement it counts on. It lets one area
    use in its statement what another area chooses, without a round trip and without knowing its tables.
    """

    sql: str
    parameters: Mapping[str, Any]
    """Those of conditions are named c0, c1 and so on, which no statement uses itself."""
    looks_around: bool = False
    """It reads more than the row that it judges: better asked of a stretch of rows than of all."""


@dataclass(frozen=True, slots=True)
class Query:
    """One named statement."""

    name: str
    about: str
    sql: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the parameter names, each once, in order of first use."""
        return tuple(dict.fromkeys(_PARAMETER.findall(self.sql)))

    def narrowed(self, fragment: Fragment | None) -> "Query":
        """Return the statement held to a condition; its parameters go beside the statement's own."""
        if NARROWED not in self.sql:
            raise ValueError(f"Query {self.name} cannot be narrowed.")
        return (
            self if fragment is None else replace(self, sql=self.sql.replace(NARROWED, f"({fragment.sql})"))
        )

    def reading(self, rows: Fragment) -> "Query":
        """Return the statement over other rows than its own; their parameters go beside the statement's."""
        if _ROWS.search(self.sql) is None:
            raise ValueError(f"Query {self.name} reads no rows that may be others.")
        return replace(self, sql=_ROWS.sub(lambda _: rows.sql, self.sql))


def load_queries(python_file: str) -> dict[str, Query]:
    """Read the queries.sql beside a Python file. Call as `load_queries(__file__)`."""
    return parse_queries(Path(python_file).with_name("queries.sql").read_text(encoding="utf-8"))


def parse_queries(text: str) -> dict[str, Query]:
    """Split the text of a query file into its statements.

    Raises:
        ValueError: a name is used twice, a part is not known, or a statement has no sentence or no SQL.
    """
    pieces = _NAME.split(text)[1:]
    queries: dict[str, Query] = {}
    parts: dict[str, str] = {}
    for kind, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        lines = body.strip().splitlines()
        about = []
        while lines and lines[0].startswith("--"):
            about.append(lines.pop(0).removeprefix("--").strip())
        sql = "\n".join(lines).strip().rstrip(";")
        if not about or not sql:
            raise ValueError(f"Query {name} needs a sentence and a statement.")
        if name in queries or name in parts:
            raise ValueError(f"Query {name} is written twice.")
        if unknown := set(_PART.findall(sql)) - parts.keys():
            raise ValueError(f"Query {name} is made of parts that are not written above it: {unknown}.")
        sql = _PART.sub(lambda found: parts[found[1]], sql)
        if kind == "part":
            parts[name] = sql
        else:
            queries[name] = Query(name, " ".join(about), sql)
    return queries
