"""The benches, small: they come to their end and print what they promise; their figures are not judged."""

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


def bench(home: Path, *words: str) -> dict:
    measured = command(home, "bench", *words)
    assert measured["rate"] > 0
    assert measured["limit"] > 0
    assert measured["ratio"] > 0
    assert not [path.name for path in home.iterdir() if "bench" in path.name], "it leaves nothing behind"
    return measured


def test_the_import_bench_tells_rate_limit_and_ratio(home: Path):
    assert bench(home, "import", "--rows", "2000")["rows"] == 2000


def test_the_send_bench_tells_rate_limit_ratio_and_cost(home: Path):
    # Processor time is told in hundredths of a second, and the sink takes one of them for some hundreds.
    found = bench(home, "send", "--messages", "4000", "--engines", "2")
    assert found["messages"] == 4000
    assert found["ratio"] == pytest.approx(found["rate"] / found["limit"], abs=0.01)
    assert found["limit_bytes"] == pytest.approx(found["message_bytes"], rel=0.05)
    for part in ("engine", "postgres", "sink"):
        assert found[f"{part}_cpu_us"] > 0
    assert 20 < found["engine_rss_mb_start"] <= found["engine_rss_mb_end"] + 5
