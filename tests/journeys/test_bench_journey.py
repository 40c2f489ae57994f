"""The benches, small: they come to their end and print what they promise."""

from pathlib import Path

import pytest

from tests.journeys.installation import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: its database is made once."""
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o755)
    return folder


@pytest.mark.parametrize("words", [("import", "--rows", "2000"), ("send", "--messages", "200")])
def test_a_bench_prints_rate_limit_and_ratio(home: Path, words: tuple[str, ...]):
    measured = command(home, "bench", *words)
    assert measured["rate"] > 0
    assert measured["limit"] > 0
    assert measured["ratio"] > 0
    assert not [path.name for path in home.iterdir() if "bench" in path.name]
