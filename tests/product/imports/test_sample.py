"""The sample that is shipped: it has the figures that the demo shows, and its script still writes it."""

import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

from mailgenius.kit.db.database import Database
from mailgenius.product.leads import service as leads
from tests.product.imports.conftest import ImportBytes, rejects_text

SAMPLE = resources.files("mailgenius.cli.demo") / "leads.csv"
SCRIPT = Path(__file__).parents[3] / "bench" / "make_sample.py"


async def test_the_sample_is_ten_thousand_rows_with_sixty_bad_ones(
    db: Database, import_bytes: ImportBytes, workspace_id: int
):
    done = await import_bytes(workspace_id, SAMPLE.read_bytes())
    assert (done.rows_read, done.rows_created, done.rows_rejected) == (10_000, 9_900, 60)
    assert done.rows_updated + done.rows_unchanged == 40
    rejects = await rejects_text(db, workspace_id, done.id)
    kinds = Counter(line.split(",")[1].split("”")[-1] for line in rejects.splitlines()[1:])
    assert len(kinds) >= 7
    async with db.tenant(workspace_id) as tx:
        fields = {field.key for field in await leads.fields(tx, workspace_id=workspace_id)}
        tags = {tag.tag for tag in await leads.tags(tx, workspace_id=workspace_id)}
    assert fields == {"cidade", "plano", "idade"}
    assert tags == {"cliente", "newsletter", "vip", "feira 2026", "renovou"}
    again = await import_bytes(workspace_id, SAMPLE.read_bytes())
    assert (again.rows_created, again.rows_rejected) == (0, 60)


def test_the_script_writes_the_sample(tmp_path: Path):
    copy = tmp_path / "bench" / "make_sample.py"
    copy.parent.mkdir()
    copy.write_text(SCRIPT.read_text())
    subprocess.run([sys.executable, copy], check=True, capture_output=True)
    written = tmp_path / "mailgenius" / "cli" / "demo" / "leads.csv"
    assert written.read_bytes() == SAMPLE.read_bytes()
