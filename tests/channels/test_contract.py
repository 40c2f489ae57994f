"""The channel contract, kept by every adapter that exists."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailgenius.channels.contract import Adapter, AdapterContext
from mailgenius.channels.registry import provider
from mailgenius.channels.sandbox.outbox import Outbox
from tests.channels.http_peer import HttpPeer, service
from tests.channels.smtp_peer import EVERYTHING, Peer, Script, running
from tests.contracts.channel_contract import ChannelContract, Delivered


async def opened(name: str, settings: dict[str, Any], context: AdapterContext) -> AsyncIterator[Adapter]:
    adapter = provider(name).open(settings, context)
    yield adapter
    await adapter.close()


class TestSandbox(ChannelContract):
    provider = provider("sandbox")

    @pytest.fixture
    async def adapter(self, context: AdapterContext) -> AsyncIterator[Adapter]:
        async for adapter in opened("sandbox", {}, context):
            yield adapter

    @pytest.fixture
    def delivered(self, tmp_path: Path) -> Delivered:
        outbox = Outbox(tmp_path)

        def read() -> list[bytes]:
            messages = [outbox.get(7, each.message_id) for each in outbox.list(7, limit=1000)]
            return [each.raw for each in messages if each is not None]

        return read


class TestHttp(ChannelContract):
    provider = provider("http")

    @pytest.fixture
    async def peer(self) -> AsyncIterator[HttpPeer]:
        async with service() as peer:
            yield peer

    @pytest.fixture
    async def adapter(self, peer: HttpPeer, context: AdapterContext) -> AsyncIterator[Adapter]:
        async for adapter in opened("http", peer.settings(), context):
            yield adapter

    @pytest.fixture
    def delivered(self, peer: HttpPeer) -> Delivered:
        return lambda: [each.mail for each in peer.heard]


class TestSmtpWithScriptedPeer(ChannelContract):
    provider = provider("smtp")

    @pytest.fixture(params=[EVERYTHING, EVERYTHING[1:], ()], ids=["everything", "no-pipelining", "nothing"])
    async def peer(self, request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
        async with running(Script(extensions=request.param)) as peer:
            yield peer

    @pytest.fixture
    async def adapter(self, peer: Peer, context: AdapterContext) -> AsyncIterator[Adapter]:
        async for adapter in opened("smtp", peer.settings(connections=3), context):
            yield adapter

    @pytest.fixture
    def delivered(self, peer: Peer) -> Delivered:
        return lambda: [each.content for each in peer.taken]


class Mailbox:
    """The handler that aiosmtpd calls with what it received."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return f"250 OK: queued as {len(self.received)}"


class TestSmtpWithAiosmtpd(ChannelContract):
    """A mail server that we did not write. It offers 8BITMIME and SMTPUTF8, and no PIPELINING."""

    provider = provider("smtp")

    @pytest.fixture
    def mailbox(self) -> Mailbox:
        return Mailbox()

    @pytest.fixture
    async def adapter(self, mailbox: Mailbox, context: AdapterContext) -> AsyncIterator[Adapter]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
        controller.start()
        try:
            settings = {"host": "127.0.0.1", "port": port, "security": "none"}
            async for adapter in opened("smtp", settings, context):
                yield adapter
        finally:
            controller.stop()

    @pytest.fixture
    def delivered(self, mailbox: Mailbox) -> Delivered:
        return lambda: mailbox.received
