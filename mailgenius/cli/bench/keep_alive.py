"""A lean HTTP client for benches: one connection each, kept alive, one request after the other.

A load generator shares the machine with what it measures, so it must cost little. Requests and answers are
those of HTTP/1.1, and status and length of each answer are read; it knows nothing that our own server does
not send: no redirects, no chunks, no compression.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_STATUS = slice(9, 12)


class ConnectionLost(ConnectionError):
    """The server closed a connection, or answered what this client does not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """An answer."""

    status: int
    body: bytes


class Line(asyncio.Protocol):
    """One connection. Whoever asks waits for the answer before the next one asks."""

    def __init__(self, *, host: str, headers: dict[str, str]) -> None:
        said = {"Host": host, "Content-Type": "application/json", **headers}
        self._said = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self._heard = bytearray()
        self._body_at = 0
        self._end_at = 0
        """Where the answer ends in what was heard; 0 while its head is not whole."""
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Heard] | None = None

    async def post(self, path: str, body: bytes, *, headers: str = "") -> Heard:
        """Send a body and return the answer. `headers` are whole lines, each with its end.

        Raises:
            ConnectionLost: there is no answer to be had.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLost
        self._answer = asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\n{self._said}{headers}Content-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)
        return await self._answer

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A connection of TCP is of this kind, though uvloop's class does not say so.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._end_at:
            head_end = self._heard.find(END)
            if head_end < 0:
                return
            self._body_at = head_end + len(END)
            length = _LENGTH.search(self._heard, 0, head_end + 2)
            if length is None:
                self.hang_up()
                return
            self._end_at = self._body_at + int(length[1])
        if len(self._heard) >= self._end_at and self._answer is not None:
            heard = Heard(
                status=int(self._heard[_STATUS]), body=bytes(self._heard[self._body_at : self._end_at])
            )
            self._heard.clear()
            self._end_at = 0
            self._answer.set_result(heard)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLost(str(exc or "closed")))


@asynccontextmanager
async def lines(address: str, *, count: int, headers: dict[str, str]) -> AsyncIterator[list[Line]]:
    """Open some connections to a server; all requests on them carry these headers."""
    url = urlsplit(address)
    loop = asyncio.get_running_loop()
    opened: list[Line] = []
    try:
        for _ in range(count):
            _, line = await loop.create_connection(
                lambda: Line(host=url.netloc, headers=headers), url.hostname or "", url.port or 80
            )
            opened.append(line)
        yield opened
    finally:
        for line in opened:
            line.hang_up()
