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
import zlib
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO, cast

import uvloop

FLUSH_SECONDS = 0.04
"""Recorded lines reach the file at least this often, and before the final counts are printed."""
_MOST_DIGITS = 100
_LONGEST_COMMAND = 4096
_END = b"\r\n.\r\n"
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
    without: frozenset[str] = frozenset()
    """Extensions not to offer: PIPELINING, 8BITMIME."""


@dataclass(kw_only=True)
class Sink:
    """What all connections share."""

    options: SinkOptions
    counts: Counts = field(default_factory=Counts)
    record: TextIO | None = None
    lines: list[str] = field(default_factory=list)

    def flush(self) -> None:
        """Write the recorded lines."""
        if self.record is not None and self.lines:
            lines, self.lines = self.lines, []
            self.record.write("".join(lines))
            self.record.flush()

    def verdict(self, recipient: bytes) -> bytes:
        """Answer RCPT; the same recipient always gets the same answer."""
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
        self._has_sender = False
        self._recipients: list[bytes] = []
        self._answers: list[bytes] = []
        offered = [b"SIZE 52428800", b"PIPELINING", b"8BITMIME", b"ENHANCEDSTATUSCODES"]
        left = [each for each in offered if each.decode() not in sink.options.without]
        hello = b"250-sink\r\n" + b"\r\n".join([b"250-" + each for each in left]) + b"\r\n250 HELP\r\n"
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
        self._buffer += data
        while self._take_content() if self._in_data else self._take_command():
            pass
        if self._answers and self._transport is not None:
            self._transport.write(b"".join(self._answers))
            self._answers.clear()

    def _take_command(self) -> bool:
        line, found, rest = self._buffer.partition(b"\n")
        if not found:
            if len(self._buffer) > _LONGEST_COMMAND and self._transport is not None:
                self._transport.abort()
            return False
        self._buffer = rest
        self._answers.append(self._answer(line.rstrip(b"\r")))
        if line[:4].upper() == b"QUIT" and self._transport is not None:
            self._transport.write(b"".join(self._answers))
            self._answers.clear()
            self._transport.close()
            return False
        return True

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._has_sender, self._recipients = True, []
            return b"250 2.1.0 Ok\r\n"
        if verb == b"RCPT":
            return self._answer_rcpt(line)
        if verb == b"DATA":
            if not self._recipients:
                return b"554 5.5.1 No valid recipients\r\n"
            self._in_data, self._searched = True, 0
            return b"354 End data with <CR><LF>.<CR><LF>\r\n"
        if verb in {b"EHLO", b"HELO", b"RSET"}:
            self._has_sender, self._recipients = False, []
        return self._simple.get(verb, b"502 5.5.2 Command not known\r\n")

    def _answer_rcpt(self, line: bytes) -> bytes:
        if not self._has_sender:
            return b"503 5.5.1 MAIL first\r\n"
        found = _ADDRESS.search(line)
        recipient = found[1] if found else line.partition(b":")[2].strip()
        answer = self._sink.verdict(recipient)
        if answer.startswith(b"250"):
            self._recipients.append(recipient)
        return answer

    def _take_content(self) -> bool:
        # The line end before the dot may be that of the DATA command, when the content is empty.
        if self._buffer.startswith(_END[2:]):
            size, skip = 0, len(_END) - 2
        else:
            size = self._buffer.find(_END, self._searched)
            if size < 0:
                self._searched = max(0, len(self._buffer) - len(_END))
                return False
            skip = size + len(_END)
        self._note(self._buffer[:size])
        self._buffer = self._buffer[skip:]
        self._in_data = self._has_sender = False
        self._answers.append(b"250 2.0.0 Ok: queued as %X\r\n" % self._sink.counts.accepted)
        return True

    def _note(self, content: bytes) -> None:
        counts = self._sink.counts
        counts.accepted += 1
        counts.recipients += len(self._recipients)
        counts.bytes += len(content)
        if self._sink.record is None:
            return
        found = _MESSAGE_ID.search(content, 0, max(content.find(b"\r\n\r\n"), 0) or len(content))
        message_id = found[1].decode("utf-8", "replace") if found else "-"
        for recipient in self._recipients:
            self._sink.lines.append(f"{message_id}\t{recipient.decode('utf-8', 'replace')}\n")


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
    parser.add_argument(
        "--record", type=Path, help="append 'Message-ID<tab>recipient' for each message taken"
    )
    parser.add_argument("--announce", action="store_true", help="print the port (always done with --port 0)")
    parser.add_argument("--reject-percent", type=int, default=0, help="recipients to refuse for good")
    parser.add_argument("--defer-percent", type=int, default=0, help="recipients to refuse for now")
    parser.add_argument("--without", default="", help="extensions not to offer, such as PIPELINING,8BITMIME")
    given = parser.parse_args(arguments)
    options = SinkOptions(
        reject_percent=given.reject_percent,
        defer_percent=given.defer_percent,
        without=frozenset(given.without.upper().split(",")),
    )
    sink = Sink(options=options, record=given.record.open("a", encoding="utf-8") if given.record else None)
    try:
        uvloop.run(serve(sink, host=given.host, port=given.port, announce=given.announce))
    finally:
        if sink.record is not None:
            sink.record.close()
    _print(asdict(sink.counts))


if __name__ == "__main__":
    main()
