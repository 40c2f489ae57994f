"""The soak, small: real processes, real kills, and mail servers that count for themselves."""

from pathlib import Path

import pytest

from tests.journeys.installation import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("trials", ["1,8", "4,5,7"])
def test_the_promise_holds_under_faults(tmp_path: Path, trials: str):
    tmp_path.chmod(0o755)
    result = command(tmp_path, "soak", "--only", trials, "--scale", "0.01")
    figures = {row["number"]: row["figure"] for row in result["trials"]}
    assert list(figures) == [int(number) for number in trials.split(",")]
    assert [row["figure"] for row in result["trials"] if not row["passed"]] == [], figures
    assert result["passed"]
    assert not [path.name for path in tmp_path.iterdir() if "soak" in path.name]
