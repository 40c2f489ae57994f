"""Adapters against scripted peers, closed at the end of the test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mailgenius.channels.contract import AdapterContext
from mailgenius.channels.email.smtp.adapter import SmtpAdapter
from mailgenius.channels.email.smtp.settings import Timeouts, parse
from tests.channels.smtp_peer import Peer

OpenAdapter = Callable[..., SmtpAdapter]


@pytest.fixture
async def open_adapter(tmp_path: Path) -> AsyncIterator[OpenAdapter]:
    """Open adapters for a peer with short patience, so that silence does not slow the tests."""
    opened: list[SmtpAdapter] = []

    def make(peer: Peer, *, timeouts: Timeouts | None = None, allow_private: bool = True, **settings: object):
        context = AdapterContext(
            workspace_id=7, connection_id=3, home=tmp_path, allow_private_hosts=allow_private
        )
        patience = timeouts or Timeouts(connect=5, greeting=5, command=5, data=5, final=5)
        opened.append(SmtpAdapter(parse(peer.settings(**settings)), context, patience))
        return opened[-1]

    yield make
    for adapter in opened:
        await adapter.close()
