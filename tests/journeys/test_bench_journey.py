"""The benches, small: they come to their end and print what they promise."""

from pathlib import Path

import pytest

from tests.journeys.installation import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "words", [("import", "--rows", "2000"), ("send", "--messages", "200"), ("soak", "--seconds", "1")]
)
def test_a_bench_prints_rate_limit_and_ratio(tmp_path: Path, words: tuple[str, ...]):
    tmp_path.chmod(0o755)
    measured = command(tmp_path, "bench", *words)
    assert measured["rate"] > 0
    assert measured["limit"] > 0
    assert measured["ratio"] > 0
    assert not [path.name for path in tmp_path.iterdir() if "bench" in path.name]
