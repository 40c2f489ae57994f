"""The receiving end of the send bench: the packaged SMTP sink, watched, and the limit measured against it."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailgenius.channels.contract import Adapter, AdapterContext, OutgoingMessage
from mailgenius.channels.email.smtp.sink import COUNTS
from mailgenius.channels.registry import provider
from mailgenius.kit.errors import Unavailable

TOOLS = Path(__file__).parents[2] / ".tools"
"""Where `make bench` puts smtp-source when the system has none."""
SMTP_CONNECTIONS = 4
SOURCE_HEADER_BYTES = 200
"""About what smtp-source writes in front of the content whose length it is told."""
SOURCE_SESSIONS = 20
WINDOW = 100
MOST_SECONDS = 1800
LOOK_EVERY_S = 0.02
QUIET_AFTER_END_S = 5  # what the sink has taken but not yet recorded when its sender ends


class BenchFailed(Unavailable):
    """The bench did not come to its end: {detail}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Messages that came to the sink, and the seconds from just before the first to the last."""

    messages: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0


class Sink:
    """A running sink: its process and port, and what it recorded."""

    def __init__(self, pid: int, port: int, record: Path) -> None:
        self.pid = pid
        self.port = port
        self._record = record
        self._seen = 0

    async def counts(self) -> dict[str, int]:
        """Ask it what it took so far."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(COUNTS + b"\r\n")
        await reader.readline()
        answer = await reader.readline()
        writer.close()
        return msgspec.json.decode(answer.partition(b" ")[2], type=dict[str, int])

    def recorded(self) -> list[str]:
        """Return all that was recorded, a line for each message."""
        return self._record.read_text(encoding="utf-8").splitlines()

    def take(self) -> list[str]:
        """Return what was recorded since the last call, a line for each message."""
        return self._new().decode().splitlines()

    def count(self) -> int:
        """Return how many messages were recorded since the last call."""
        return self._new().count(b"\n")

    def _new(self) -> bytes:
        with self._record.open("rb") as file:
            file.seek(self._seen)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._seen += len(whole)
        return whole

    def connection_settings(self) -> dict[str, str | int]:
        """Return the settings of an smtp connection to it."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "connections": SMTP_CONNECTIONS,
        }


@asynccontextmanager
async def running_sink(folder: Path, *options: str) -> AsyncIterator[Sink]:
    """Run the packaged sink as a process of its own."""
    record = folder / "sink.tsv"
    record.touch()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "mailgenius.channels.email.smtp.sink", "--port", "0",
        "--record", str(record), *options, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30) if process.stdout else b""
        yield Sink(process.pid, msgspec.json.decode(line, type=dict[str, int])["port"], record)
    finally:
        await stop(process)


async def watch(
    sink: Sink,
    messages: int,
    sender: asyncio.subprocess.Process | None,
    *,
    look: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Watch the sink until it has as many messages, and time it from the first to the last.

    Args:
        sink: where they come to.
        messages: how many.
        sender: the process that sends, when it has to live as long.
        look: called with the count each time it was looked at.

    Raises:
        BenchFailed: the sender ended early, or it took too long.
    """
    began = first = alive = time.monotonic()
    count = 0
    while count < messages:
        await asyncio.sleep(LOOK_EVERY_S)
        now = time.monotonic()
        lines = sink.count()
        count += lines
        look(count)
        if not count:
            # The first message comes after this look: time runs from the last one that found nothing.
            first = now
        if lines or sender is None or sender.returncode is None:
            alive = now
        elif now - alive > QUIET_AFTER_END_S:
            raise BenchFailed(detail=f"the sender ended when {count} of {messages} messages were sent")
        if now - began > MOST_SECONDS:
            raise BenchFailed(detail=f"only {count} of {messages} messages came")
    return Measured(messages=messages, seconds=now - first)


def plain_sender() -> str | None:
    """Return where Postfix's smtp-source is, or None when there is none; `make bench` fetches it."""
    folders = (None, "/usr/sbin", str(TOOLS))
    return next((found for each in folders if (found := shutil.which("smtp-source", path=each))), None)


async def limit(
    sink: Sink, messages: int, *, program: str | None, folder: Path, message_bytes: int
) -> tuple[str, Measured]:
    """Push plain messages of the same size into the sink, as fast as this machine can; name how."""
    sink.take()
    if program is None:
        return "own adapter without a database (smtp-source is not installed)", await _plain_loop(
            sink, messages, folder, message_bytes
        )
    # -d keeps each session for many messages, as we do: without it the limit would be lower.
    length = str(max(message_bytes - SOURCE_HEADER_BYTES, 1))
    source = await asyncio.create_subprocess_exec(
        program, "-d", "-l", length, "-m", str(messages), "-s", str(SOURCE_SESSIONS),
        f"127.0.0.1:{sink.port}",
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return f"smtp-source -d -s {SOURCE_SESSIONS} -l {length}", await watch(sink, messages, source)
    finally:
        await stop(source)


async def _plain_loop(sink: Sink, messages: int, folder: Path, message_bytes: int) -> Measured:
    context = AdapterContext(workspace_id=0, connection_id=0, home=folder)
    adapter = provider("smtp").open(sink.connection_settings(), context)
    pushing = asyncio.create_task(_push(adapter, messages, message_bytes))
    try:
        return await watch(sink, messages, None)
    finally:
        await pushing
        await adapter.close()


async def _push(adapter: Adapter, messages: int, message_bytes: int) -> None:
    text = ("All work and no play makes a dull message. " * 2 + "\r\n") * max(message_bytes // 90, 1)
    windows = asyncio.Semaphore(4)

    async def push(start: int) -> None:
        async with windows:
            await adapter.send(
                [
                    OutgoingMessage(
                        message_id=number,
                        workspace_id=0,
                        recipient=f"limit{number}@example.com",
                        sender="bench@example.com",
                        text=text,
                        headers=(
                            ("To", f"limit{number}@example.com"),
                            ("Subject", "The limit"),
                            ("Message-ID", f"<{number}.limit@example.com>"),
                        ),
                    )
                    for number in range(start, min(start + WINDOW, messages))
                ]
            )

    await asyncio.gather(*(push(start) for start in range(0, messages, WINDOW)))


async def stop(process: asyncio.subprocess.Process) -> None:
    """Ask a process to stop, and insist when it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
