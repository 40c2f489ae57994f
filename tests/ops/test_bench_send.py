"""The parts of the send bench: its message, and its limit without smtp-source. Whole it is a journey."""

from pathlib import Path

import pytest

from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.ledger.model import Order, OrderState, Policy
from mailgenius.kit.crypto import Keys
from mailgenius.ops.bench_send import sample_content
from mailgenius.ops.bench_sink import limit, running_sink


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
