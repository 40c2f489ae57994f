"""The send bench runs for real, small; its figures are not judged here."""

from pathlib import Path

import pytest

from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.ledger.model import Order, OrderState, Policy
from mailgenius.kit.crypto import Keys
from mailgenius.ops.bench_send import bench_send, sample_content
from mailgenius.ops.bench_sink import limit, running_sink


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_small_bench_tells_rate_limit_and_ratio(tmp_path: Path):
    said: list[str] = []
    found = await bench_send(messages=600, home=tmp_path, engines=2, progress=said.append)
    assert found["messages"] == 600
    assert float(found["rate"]) > 0
    assert float(found["limit"]) > 0
    assert found["ratio"] == pytest.approx(float(found["rate"]) / float(found["limit"]), abs=0.01)
    assert float(found["limit_bytes"]) == pytest.approx(float(found["message_bytes"]), rel=0.05)
    for part in ("engine", "postgres", "sink"):
        assert float(found[f"{part}_cpu_us"]) > 0
    assert 20 < float(found["engine_rss_mb_start"]) <= float(found["engine_rss_mb_end"]) + 5
    assert len(said) == 3
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


async def test_without_smtp_source_our_adapter_is_the_limit(tmp_path: Path):
    async with running_sink(tmp_path) as sink:
        source, measured = await limit(sink, 500, program=None, folder=tmp_path, message_bytes=5000)
        counts = await sink.counts()
    assert "not installed" in source
    assert measured.rate > 0
    assert counts["accepted"] == 500
    assert counts["bytes"] == pytest.approx(500 * 5000, rel=0.1)


def test_the_sample_is_a_personal_message_of_four_kilobytes_with_five_links():
    order = Order(
        workspace_id=1,
        id=1,
        source="api",
        source_id=None,
        channel="email",
        priority=10,
        connection_id=1,
        policy=Policy.PREFER_NO_DUPLICATE,
        content=sample_content(),
        state=OrderState.RUNNING,
        sealed=True,
    )
    lead = {"email": "a@example.com", "name": "Ana Souza", "fields": {"city": "São Paulo"}}
    message = Composer(order, base_url="http://127.0.0.1:8000", keys=Keys(b"k" * 32)).compose(
        1 << 60, "a@example.com", lead
    )
    assert message.html.count("http://127.0.0.1:8000/c/") == 5
    assert message.html.count("http://127.0.0.1:8000/o/") == 1
    assert message.html.count("Ana Souza") == 5
    assert 4000 < len(message.html.encode()) + len(message.text.encode()) < 5000
