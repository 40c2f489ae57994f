"""Query files: every statement of an area in its queries.sql, loaded once by name.

Grammar of a file: `-- name: verb-noun`, then one or more comment lines that say what the statement is for,
then SQL with named parameters `%(name)s`. A literal percent sign is written twice.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9-]*)$", re.MULTILINE)
_PARAMETER = re.compile(r"%\((\w+)\)s")


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


def load_queries(python_file: str) -> dict[str, Query]:
    """Read the queries.sql beside a Python file. Call as `load_queries(__file__)`."""
    return parse_queries(Path(python_file).with_name("queries.sql").read_text(encoding="utf-8"))


def parse_queries(text: str) -> dict[str, Query]:
    """Split the text of a query file into its statements.

    Raises:
        ValueError: a name is used twice, or a statement has no sentence or no SQL.
    """
    parts = _NAME.split(text)[1:]
    queries: dict[str, Query] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip().splitlines()
        about = []
        while lines and lines[0].startswith("--"):
            about.append(lines.pop(0).removeprefix("--").strip())
        sql = "\n".join(lines).strip().rstrip(";")
        if not about or not sql:
            raise ValueError(f"Query {name} needs a sentence and a statement.")
        if name in queries:
            raise ValueError(f"Query {name} is written twice.")
        queries[name] = Query(name, " ".join(about), sql)
    return queries
