"""How fast the e-mail channel is here: messages built, handed to the sink, delivered into the sandbox.

`python bench/smtp_client.py [--messages 50000] [--connections 2]`; the last line is JSON.
"""

import json
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import uvloop

from mailgenius.channels.contract import Adapter, AdapterContext, Outcome, OutgoingMessage
from mailgenius.channels.email.mime import build
from mailgenius.channels.registry import provider

WINDOW = 100
_TEXT = "Hello Maria, here are the news of this week. Read on at https://example.com/news and be well.\n" * 14
_HTML = "<p>Hello Maria, here are the news of this week: <a href='https://example.com/n'>read</a></p>\n" * 28


def messages(count: int) -> list[OutgoingMessage]:
    """Make messages of about 4 KB that differ where real ones do."""
    return [
        OutgoingMessage(
            message_id=10**15 + number,
            workspace_id=1,
            recipient=f"lead{number}@example.com",
            sender="bounce@news.example",
            text=_TEXT,
            html=_HTML,
            headers=(
                ("Date", "Mon, 06 Jan 2025 12:00:00 +0000"),
                ("From", "Ação Ltda <news@news.example>"),
                ("To", f"João Silva {number} <lead{number}@example.com>"),
                ("Subject", f"João {number}, as novidades de março"),
                ("Message-ID", f"<{number}@news.example>"),
                ("List-Unsubscribe", f"<https://news.example/u/{number:080}>"),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ),
        )
        for number in range(count)
    ]


def bench_build(batch: list[OutgoingMessage], *, eight_bit: bool) -> float:
    """Return messages built in a second."""
    start = time.perf_counter()
    for message in batch:
        build(message, eight_bit=eight_bit)
    return len(batch) / (time.perf_counter() - start)


async def bench_send(adapter: Adapter, batch: list[OutgoingMessage], window: int) -> float:
    """Return messages sent in a second."""
    start = time.perf_counter()
    for place in range(0, len(batch), window):
        results = await adapter.send(batch[place : place + window])
        wrong = [each for each in results if each.outcome is not Outcome.ACCEPTED]
        if wrong:
            raise SystemExit(f"Not accepted: {wrong[0]}")
    elapsed = time.perf_counter() - start
    await adapter.close()
    return len(batch) / elapsed


async def measure(count: int, connections: int, home: Path) -> dict[str, float]:
    """Run everything once."""
    batch = messages(count)
    figures = {
        "bytes": float(len(build(batch[0]).data)),
        "built_8bit_per_s": bench_build(batch, eight_bit=True),
        "built_qp_per_s": bench_build(batch, eight_bit=False),
    }
    context = AdapterContext(workspace_id=1, connection_id=1, home=home)
    command = [sys.executable, "-m", "mailgenius.channels.email.smtp.sink", "--record", str(home / "record")]
    sink = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220  # nothing else runs yet
    try:
        assert sink.stdout is not None  # noqa: S101  # asked for above
        port = json.loads(sink.stdout.readline())["port"]
        settings = {"host": "127.0.0.1", "port": port, "security": "none", "connections": connections}
        for window in (WINDOW, len(batch)):
            adapter = provider("smtp").open(settings, context)
            figures[f"smtp_per_s_window_{window}"] = await bench_send(adapter, batch, window)
    finally:
        sink.terminate()
        sink.communicate(timeout=10)
    sandbox = provider("sandbox").open({}, context)
    figures["sandbox_per_s_window_100"] = await bench_send(sandbox, batch, WINDOW)
    return figures


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        figures = uvloop.run(measure(given.messages, given.connections, Path(home)))
    print(json.dumps({name: round(value) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
