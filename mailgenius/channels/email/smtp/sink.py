"""A very fast SMTP server that takes mail and keeps none: `python -m mailgenius.channels.email.smtp.sink`.

For benches, demonstrations of load and tests that count what arrived. It can record the Message-ID and the
recipient of each message it took, and refuse a fixed share of recipients. It is not a mail server: it
listens on this machine, knows no encryption and no sign-in, and believes whatever it is told.
"""

import asyncio
import json
import re
import signal
import sys
import time
import zlib
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import uvloop

COUNTS = b"XCOUNTS"
"""A command of our own: the answer holds the counts as JSON, while all goes on."""
FLUSH_SECONDS = 0.04
"""Recorded lines reach the file at least this often, and before the final counts are printed."""
_MOST_DIGITS = 100
_LONGEST_COMMAND = 4096
_END = b"\r\n.\r\n"
_OFFERED = ("SIZE 52428800", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "CHUNKING")
_GO_AHEAD = b"354 End data with <CR><LF>.<CR><LF>\r\n"
_NOBODY = b"554 5.5.1 No valid recipients\r\n"
_CHUNK = re.compile(rb"BDAT +(\d{1,9})( +LAST)? *", re.IGNORECASE)
_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(kw_only=True)
class Counts:
    """What came in since the start."""

    connections: int = 0
    accepted: int = 0
    """Messages, however many recipients each had."""
    recipients: int = 0
    rejected: int = 0
    deferred: int = 0
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class SinkOptions:
    """How the sink behaves."""

    reject_percent: int = 0
    defer_percent: int = 0
    timed: bool = False
    without: frozenset[str] = frozenset()
    """Extensions not to offer, such as PIPELINING or CHUNKING."""


@dataclass(kw_only=True)
class Sink:
    """What all connections share."""

    options: SinkOptions
    counts: Counts = field(default_factory=Counts)
    record: BinaryIO | None = None
    lines: list[bytes] = field(default_factory=list)

    def flush(self) -> None:
        """Write the recorded lines."""
        if self.record is not None and self.lines:
            lines, self.lines = self.lines, []
            self.record.write(b"".join(lines))
            self.record.flush()

    def verdict(self, recipient: bytes) -> bytes:
        """Answer RCPT; the same recipient always gets the same answer."""
        if not self.options.reject_percent + self.options.defer_percent:
            return b"250 2.1.5 Ok\r\n"
        share = zlib.crc32(recipient) % _MOST_DIGITS
        if share < self.options.reject_percent:
            self.counts.rejected += 1
            return b"550 5.1.1 No such user here\r\n"
        if share < self.options.reject_percent + self.options.defer_percent:
            self.counts.deferred += 1
            return b"451 4.7.1 Please try again in 300 seconds\r\n"
        return b"250 2.1.5 Ok\r\n"


class SinkConnection(asyncio.Protocol):
    """One client. Answers are collected and written once for each packet that came."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._searched = 0
        self._in_data = False
        self._chunk: tuple[int, bool] | None = None
        """Size of the chunk that BDAT announced, and whether it is the last."""
        self._chunks: list[bytes] = []
        self._has_sender = False
        self._recipients: list[bytes] = []
        self._answers: list[bytes] = []
        left = [each.encode() for each in _OFFERED if each.partition(" ")[0] not in sink.options.without]
        hello = b"250-sink\r\n" + b"".join([b"250-" + each + b"\r\n" for each in left]) + b"250 HELP\r\n"
        self._simple = {
            b"EHLO": hello,
            b"HELO": b"250 sink\r\n",
            b"RSET": b"250 2.0.0 Ok\r\n",
            b"NOOP": b"250 2.0.0 Ok\r\n",
            b"QUIT": b"221 2.0.0 Bye\r\n",
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # The type of the base class is wider.
        self._sink.counts.connections += 1
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        position = taken = 0
        while taken >= 0:
            position += taken
            if self._chunk is not None:
                taken = self._take_chunk(buffer, position)
            elif self._in_data:
                taken = self._take_content(buffer, position)
            else:
                taken = self._take_command(buffer, position)
        self._buffer = buffer[position:]
        self._answer_all()

    def _answer_all(self) -> None:
        if self._answers and self._transport is not None:
            self._transport.write(b"".join(self._answers))
            self._answers.clear()

    def _take_command(self, buffer: bytes, position: int) -> int:
        """Obey the next command; return its length, or -1 when it is not whole yet."""
        end = buffer.find(b"\n", position)
        if end < 0:
            if len(buffer) - position > _LONGEST_COMMAND and self._transport is not None:
                self._transport.abort()
            return -1
        line = buffer[position:end].rstrip(b"\r")
        self._answers += self._answer(line)
        if line[:4].upper() == b"QUIT" and self._transport is not None:
            self._answer_all()
            self._transport.close()
            return -1
        return end + 1 - position

    def _answer(self, line: bytes) -> list[bytes]:
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._has_sender, self._recipients = True, []
            return [b"250 2.1.0 Ok\r\n"]
        if verb == b"RCPT":
            return [self._answer_rcpt(line)]
        if verb == b"BDAT":
            found = _CHUNK.fullmatch(line)
            self._chunk = (int(found[1]), found[2] is not None) if found else None
            return [] if found else [b"501 5.5.4 BDAT size [LAST]\r\n"]
        if verb == b"DATA":
            self._in_data, self._searched = bool(self._recipients), 0
            return [_GO_AHEAD if self._in_data else _NOBODY]
        if verb in {b"EHLO", b"HELO", b"RSET"}:
            self._has_sender, self._recipients, self._chunks = False, [], []
        if line.upper() == COUNTS:
            return [b"250 %b\r\n" % json.dumps(asdict(self._sink.counts)).encode()]
        return [self._simple.get(verb, b"502 5.5.2 Command not known\r\n")]

    def _answer_rcpt(self, line: bytes) -> bytes:
        if not self._has_sender:
            return b"503 5.5.1 MAIL first\r\n"
        found = _ADDRESS.search(line)
        recipient = found[1] if found else line.partition(b":")[2].strip()
        answer = self._sink.verdict(recipient)
        if answer.startswith(b"250"):
            self._recipients.append(recipient)
        return answer

    def _take_content(self, buffer: bytes, position: int) -> int:
        """Take what follows DATA; return its length with the final dot, or -1 when it is not whole yet."""
        # The line end before the dot may be that of the DATA command, when the content is empty.
        if buffer.startswith(_END[2:], position):
            size, skip = 0, len(_END) - 2
        else:
            end = buffer.find(_END, position + self._searched)
            if end < 0:
                self._searched = max(0, len(buffer) - position - len(_END))
                return -1
            size, skip = end - position, end - position + len(_END)
        self._in_data = False
        self._accept(buffer[position : position + size])
        return skip

    def _take_chunk(self, buffer: bytes, position: int) -> int:
        """Take what follows BDAT; return its length, or -1 when it is not whole yet."""
        size, is_last = self._chunk or (0, False)
        if len(buffer) - position < size:
            return -1
        self._chunk = None
        if not self._recipients:
            self._answers.append(_NOBODY)
            return size
        self._chunks.append(buffer[position : position + size])
        if is_last:
            self._accept(b"".join(self._chunks))
        else:
            self._answers.append(b"250 2.0.0 %d octets\r\n" % size)
        return size

    def _accept(self, content: bytes) -> None:
        self._note(content)
        self._has_sender, self._chunks = False, []
        self._answers.append(b"250 2.0.0 Ok: queued as %X\r\n" % self._sink.counts.accepted)

    def _note(self, content: bytes) -> None:
        counts = self._sink.counts
        counts.accepted += 1
        counts.recipients += len(self._recipients)
        counts.bytes += len(content)
        if self._sink.record is None:
            return
        message_id = _message_id(content)
        taken_at = b"\t%.6f" % time.time() if self._sink.options.timed else b""
        for recipient in self._recipients:
            self._sink.lines.append(b"%b\t%b%b\n" % (message_id, recipient, taken_at))


def _message_id(content: bytes) -> bytes:
    # Nearly everybody writes it like this; looking for it in any case costs ten times as much.
    start = content.find(b"\r\nMessage-ID: <")
    found = _MESSAGE_ID.match(content, start + 2) if start >= 0 else None
    if found is None or 0 <= content.find(b"\r\n\r\n", 0, start) < start:
        found = _MESSAGE_ID.search(content, 0, max(content.find(b"\r\n\r\n"), 0) or len(content))
    return found[1] if found else b"-"


async def serve(sink: Sink, *, host: str, port: int, announce: bool) -> None:
    """Listen until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    server = await loop.create_server(lambda: SinkConnection(sink), host, port, backlog=1024)
    if announce or port == 0:
        _print({"port": server.sockets[0].getsockname()[1]})
    flusher = loop.create_task(_flush_for_ever(sink))
    await stop.wait()
    server.close()
    flusher.cancel()
    sink.flush()


async def _flush_for_ever(sink: Sink) -> None:
    while True:
        sink.flush()
        await asyncio.sleep(FLUSH_SECONDS)


def _print(values: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sink: one JSON line with the port, and one with the counts at the end."""
    parser = ArgumentParser(prog="python -m mailgenius.channels.email.smtp.sink", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--record", type=Path, help="append 'Message-ID<tab>recipient' for each message")
    parser.add_argument("--timed", action="store_true", help="record also the second when it was taken")
    parser.add_argument("--announce", action="store_true", help="print the port (always done with --port 0)")
    parser.add_argument("--reject-percent", type=int, default=0, help="recipients to refuse for good")
    parser.add_argument("--defer-percent", type=int, default=0, help="recipients to refuse for now")
    parser.add_argument("--without", default="", help="extensions not to offer, such as PIPELINING,8BITMIME")
    given = parser.parse_args(arguments)
    options = SinkOptions(
        reject_percent=given.reject_percent,
        defer_percent=given.defer_percent,
        timed=given.timed,
        without=frozenset(given.without.upper().split(",")),
    )
    sink = Sink(options=options, record=given.record.open("ab") if given.record else None)
    try:
        uvloop.run(serve(sink, host=given.host, port=given.port, announce=given.announce))
    finally:
        if sink.record is not None:
            sink.record.close()
    _print(asdict(sink.counts))


if __name__ == "__main__":
    main()
