"""The wire of one SMTP connection: bytes out, replies in, and the news that it is gone. Knows no mail."""

import asyncio
from collections import deque
from functools import lru_cache
from typing import NamedTuple, cast

LONGEST_REPLY_LINE = 2048
"""RFC 5321 says 512 octets; some peers explain themselves at length."""
MOST_REPLY_LINES = 128
MOST_WAITING_REPLIES = 64
"""More replies than a pipeline can have asked for: the peer is not speaking SMTP with us."""
_CODE_LENGTH = 3
_LOWEST_CODE = 200
_HIGHEST_CODE = 599


class PeerTrouble(Exception):
    """The connection cannot be used any further: news of a peer, which never leaves the adapter."""

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Reply(NamedTuple):
    """One complete reply, of one or more lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300  # noqa: PLR2004  # RFC 5321 §4.2.1


class Wire(asyncio.Protocol):
    """One connection. Replies are queued as they come; reading one waits for it, up to a limit of time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unfinished = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._drainer: asyncio.Future[None] | None = None
        self._paused = False
        self._limit: tuple[float, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._trouble: PeerTrouble | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise PeerTrouble("The connection was never made.")
        return self._transport

    @property
    def usable(self) -> bool:
        """Whether the connection is up and the peer said nothing that nobody asked for."""
        return self._trouble is None and not self._replies and not self.transport.is_closing()

    def reply_at_hand(self) -> Reply | None:
        """Return the next reply when it is here already."""
        return self._replies.popleft() if self._replies else None

    # What the transport tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(cast("asyncio.Transport", transport))  # The type of the base class is wider.

    def adopt(self, transport: asyncio.Transport) -> None:
        """Use this transport from now on: the first one, or the encrypted one after STARTTLS."""
        self._transport = transport
        # With a low mark of zero, drain() means that all bytes left our own buffers.
        transport.set_write_buffer_limits(high=64 * 1024, low=0)

    def data_received(self, data: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            if self._trouble is not None:
                return
            self._take_line(line)
        if len(self._unfinished) > LONGEST_REPLY_LINE:
            self._fail("The mail server answered with a line without end.")
        if self._replies:
            _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        reason = (
            f"The mail server closed the connection ({exc})."
            if exc
            else "The mail server closed the connection."
        )
        self._fail(reason)
        if self._timer is not None:
            self._timer.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        _wake(self._drainer)

    # What a session does.

    def write(self, data: bytes | memoryview) -> None:
        """Hand bytes to the operating system or its queue. Raises PeerTrouble when it is too late."""
        if self._trouble is not None:
            raise self._trouble
        if self.transport.is_closing():
            raise PeerTrouble("The connection is closed.")
        self.transport.write(data)

    async def drain(self, seconds: float) -> None:
        """Wait until the bytes written have left our buffers, when there are many."""
        if self._paused and self._trouble is None:
            self._drainer = self._loop.create_future()
            await self._within(self._drainer, seconds, "The mail server stopped reading.")
        if self._trouble is not None:
            raise self._trouble

    async def reply(self, seconds: float) -> Reply:
        """Return the next reply. Raises PeerTrouble when it does not come; later calls raise the same."""
        if not self._replies and self._trouble is None:
            self._reader = self._loop.create_future()
            await self._within(self._reader, seconds, "The mail server did not answer in time.")
        if self._replies:
            return self._replies.popleft()
        raise self._trouble or PeerTrouble("The mail server did not answer.")

    def forget_unread(self) -> bool:
        """Drop what was received and not read; say whether there was anything (RFC 3207 §6 forbids it)."""
        unread = bool(self._unfinished or self._lines or self._replies)
        self._unfinished, self._lines = b"", []
        self._replies.clear()
        return unread

    def close(self) -> None:
        """Close once everything written has left."""
        # Closed a second time, a TLS transport of older Pythons lets go of its socket and cannot be aborted.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def abort(self) -> None:
        """Close now and forget what was not sent."""
        if self._transport is not None:
            self._transport.abort()

    # Inside.

    async def _within(self, future: asyncio.Future[None], seconds: float, reason: str) -> None:
        self._limit = (self._loop.time() + seconds, reason)
        if self._timer is None or self._timer.when() > self._limit[0]:
            self._watch()
        try:
            await future
        finally:
            self._limit = None
            self._reader = self._drainer = None

    def _watch(self) -> None:
        """Fail when the present wait is over its limit, else look again when it would be.

        The timer outlives the waits, because a timer for each answer would cost more than reading it.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._limit is None or self._trouble is not None:
            return
        moment, reason = self._limit
        if self._loop.time() >= moment:
            self._fail(reason)
        else:
            self._timer = self._loop.call_at(moment, self._watch)

    def _take_line(self, line: bytes) -> None:
        if len(line) > LONGEST_REPLY_LINE or len(self._lines) >= MOST_REPLY_LINES:
            self._fail("The mail server answered with more than a reply may hold.")
            return
        reply, is_last = _parse_line(line)
        if reply is None:
            self._fail("The mail server answered with something that is not SMTP.")
            return
        if self._lines or not is_last:
            self._lines.append(reply.lines[0])
            if not is_last:
                return
            reply = Reply(reply.code, tuple(self._lines))
            self._lines = []
        self._replies.append(reply)
        if len(self._replies) > MOST_WAITING_REPLIES:
            self._fail("The mail server answered more often than it was asked.")

    def _fail(self, reason: str) -> None:
        """Note the first trouble, close, and wake whoever waits."""
        if self._trouble is None:
            self._trouble = PeerTrouble(reason)
            self.abort()
        _wake(self._reader)
        _wake(self._drainer)


@lru_cache(maxsize=256)
def _parse_line(line: bytes) -> tuple[Reply | None, bool]:
    """Return what one line says and whether it is the last of its reply; None when it is not SMTP.

    Cached, because a peer answers most commands of most messages in the same words.
    """
    digits, mark = line[:_CODE_LENGTH], line[_CODE_LENGTH : _CODE_LENGTH + 1]
    code = int(digits) if len(digits) == _CODE_LENGTH and digits.isdigit() else 0
    if not _LOWEST_CODE <= code <= _HIGHEST_CODE or mark not in {b"", b" ", b"-", b"\r"}:
        return None, True
    text = line[_CODE_LENGTH + 1 :].rstrip(b"\r").decode("utf-8", "replace")
    return Reply(code, (text,)), mark != b"-"


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
