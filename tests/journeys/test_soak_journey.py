"""The soak, small: real processes, real kills, and mail servers that count for themselves."""

from pathlib import Path

import pytest

from tests.journeys.installation import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_the_promise_holds_under_faults(tmp_path: Path):
    tmp_path.chmod(0o755)
    result = command(tmp_path, "soak", "--only", "1,4,5,7,8", "--scale", "0.01")
    figures = {row["number"]: row["figure"] for row in result["trials"]}
    assert list(figures) == [1, 4, 5, 7, 8]
    assert [row["figure"] for row in result["trials"] if not row["passed"]] == [], figures
    assert result["passed"]
    assert not [path.name for path in tmp_path.iterdir() if "soak" in path.name]
