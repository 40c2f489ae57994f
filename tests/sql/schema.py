"""Writes the schema that the migrations add up to, in one readable shape: `python -m tests.sql.schema`."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mailgenius.kit.db.embedded import EmbeddedPostgres, binaries
from mailgenius.kit.db.migrations import migrate
from tests.sql.statements import PACKAGE

FILE = PACKAGE / "migrations" / "schema.sql"
HEADER = """\
-- What the migrations add up to, for reading. Written by `make schema`; never edited by hand.
-- Left out: the tables of the job library, the monthly partitions of messages, and the list of migrations.
"""
# pg_dump announces every object with a comment of this shape.
OBJECT = re.compile(r"^--\n-- Name: (?P<name>[^;]+); Type: (?P<type>[^;]+);[^\n]*\n--\n", re.MULTILINE)
LEFT_OUT = re.compile(r"procrastinate_|\bmessages_p\d{6}|\bschema_migrations\b")


def dump(url: str) -> str:
    """Return the normalised schema of a migrated database."""
    command = [
        binaries() / "pg_dump",
        "--schema-only",
        "--no-owner",
        "--restrict-key=schema",
        f"--dbname={url}",
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    parts = OBJECT.split(text)[1:]
    blocks = [
        body.split("\n--\n-- PostgreSQL database dump complete")[0].strip()
        for name, _, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        if not LEFT_OUT.search(name + body)
    ]
    lines = "\n\n".join(block for block in blocks if block)
    settings = re.sub(r"^SET default_\w+ = .*;\n+", "", lines, flags=re.MULTILINE)
    return HEADER + "\n" + settings + "\n"


def main() -> None:
    """Migrate a new database and write its schema down."""
    with tempfile.TemporaryDirectory(prefix="mailgenius-schema-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), shared_buffers_mib=128)
        url = server.acquire()
        try:
            migrate(url)
            FILE.write_text(dump(url), encoding="utf-8")
        finally:
            server.release()
    sys.stdout.write(f"written: {FILE.relative_to(PACKAGE.parent)}\n")


if __name__ == "__main__":
    main()
