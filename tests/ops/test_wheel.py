"""The wheel carries what runs without a checkout and without Node: screens, queries, migrations, texts."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.architecture.sources import ROOT, tracked


def test_the_wheel_holds_everything_that_runs(tmp_path: Path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        manifest = json.loads(archive.read("mailgenius/web/static/dist/manifest.json"))
    wanted = {str(path) for path in tracked() if path.parts[0] == "mailgenius"}
    assert wanted <= held, sorted(wanted - held)
    built = {f"mailgenius/web/static/dist/{name}" for name in manifest["files"].values()}
    assert built
    assert built <= held, sorted(built - held)
    assert not [name for name in held if name.startswith(("tests/", "web-src/", "bench/"))]
