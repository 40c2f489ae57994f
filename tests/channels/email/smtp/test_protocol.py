"""The wire: replies in any number of pieces, and peers that do not speak SMTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mailgenius.channels.email.smtp import protocol
from mailgenius.channels.email.smtp.protocol import PeerTrouble, Reply, Wire


@pytest.fixture
async def connected() -> AsyncIterator[tuple[Wire, asyncio.StreamWriter]]:
    arrived: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: arrived.put(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
    writer = await arrived.get()
    yield wire, writer
    wire.abort()
    writer.transport.abort()
    server.close()
    await wire.closed


async def test_reply_in_pieces(connected: tuple[Wire, asyncio.StreamWriter]):
    wire, peer = connected
    for piece in (b"25", b"0-one\r", b"\n250-", b"two\r\n250", b" three\r\n354 go\r\n"):
        peer.write(piece)
        await asyncio.sleep(0.005)
    assert await wire.reply(5) == Reply(250, ("one", "two", "three"))
    assert await wire.reply(5) == Reply(354, ("go",))


async def test_short_forms_are_understood(connected: tuple[Wire, asyncio.StreamWriter]):
    wire, peer = connected
    peer.write(b"250\r\n250 \n250-\xff\r\n250\r\n")
    assert await wire.reply(5) == Reply(250, ("",))
    assert await wire.reply(5) == Reply(250, ("",))
    assert await wire.reply(5) == Reply(250, ("\ufffd", ""))


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"hello\r\n",
        b"\r\n",
        b"999 no\r\n",
        b"2x0 no\r\n",
        b"250_no\r\n",
        b"250 " + b"x" * protocol.LONGEST_REPLY_LINE + b"\r\n",
        b"2" * (protocol.LONGEST_REPLY_LINE + 1),
        b"250-more\r\n" * (protocol.MOST_REPLY_LINES + 1),
    ],
)
async def test_what_is_not_smtp_ends_the_connection(
    nonsense: bytes, connected: tuple[Wire, asyncio.StreamWriter]
):
    wire, peer = connected
    peer.write(nonsense)
    with pytest.raises(PeerTrouble):
        await wire.reply(5)
    with pytest.raises(PeerTrouble):
        wire.write(b"QUIT\r\n")


async def test_flood_of_replies_ends_the_connection(connected: tuple[Wire, asyncio.StreamWriter]):
    wire, peer = connected
    peer.write(b"250 ok\r\n" * (protocol.MOST_WAITING_REPLIES + 1))
    await wire.closed
    assert not wire.usable


async def test_replies_before_the_end_are_read_and_then_the_end_is_told(
    connected: tuple[Wire, asyncio.StreamWriter],
):
    wire, peer = connected
    peer.write(b"250 one\r\n421 bye\r\n")
    peer.close()
    await wire.closed
    assert (await wire.reply(5)).code == 250
    assert (await wire.reply(5)).code == 421
    with pytest.raises(PeerTrouble, match="closed the connection"):
        await wire.reply(5)


async def test_silence_is_noticed_in_time_however_long_earlier_waits_were(
    connected: tuple[Wire, asyncio.StreamWriter],
):
    wire, peer = connected
    peer.write(b"250 one\r\n")
    await wire.reply(30)
    with pytest.raises(PeerTrouble, match="in time"):
        await asyncio.wait_for(wire.reply(0.05), 20)


async def test_peer_that_stops_reading_is_noticed(connected: tuple[Wire, asyncio.StreamWriter]):
    wire, peer = connected
    peer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport is a full one
    with pytest.raises(PeerTrouble, match="stopped reading"):
        for _ in range(400):
            wire.write(b"x" * 65536)
            await wire.drain(0.1)
