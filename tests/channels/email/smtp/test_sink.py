"""The sink, run as the program that benches and kill tests run, and spoken to by other people's clients."""

import json
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailgenius.channels.contract import AdapterContext, Outcome
from mailgenius.channels.email.smtp.provider import SmtpProvider
from tests.channels.letters import letter, letters


class RunningSink:
    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port
        self.settings = {"host": "127.0.0.1", "port": port, "security": "none"}

    def stop(self) -> dict[str, int]:
        """Stop it as an operator would; return its last word."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        counts: dict[str, int] = json.loads(output.splitlines()[-1])
        return counts


@contextmanager
def sink(*options: str) -> Iterator[RunningSink]:
    command = [sys.executable, "-m", "mailgenius.channels.email.smtp.sink", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield RunningSink(process, json.loads(process.stdout.readline())["port"])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


async def send(sink: RunningSink, context: AdapterContext, count: int, **settings: Any) -> list[Outcome]:
    adapter = SmtpProvider().open(sink.settings | settings, context)
    results = await adapter.send(letters(count))
    await adapter.close()
    return [each.outcome for each in results]


@pytest.mark.parametrize("without", ["", "PIPELINING", "PIPELINING,8BITMIME"])
async def test_counts_and_records_what_it_took(without: str, context: AdapterContext, tmp_path: Path):
    record = tmp_path / "record"
    with sink("--record", str(record), "--without", without) as running:
        assert await send(running, context, 200) == [Outcome.ACCEPTED] * 200
        deadline = time.monotonic() + 60
        while len(record.read_text().splitlines()) < 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        lines = record.read_text().splitlines()
        counts = running.stop()
    expected = {f"<{number}@sender.example>\tlead{number}@example.com" for number in range(1, 201)}
    assert len(lines) == 200
    assert set(lines) == expected
    assert counts["accepted"] == counts["recipients"] == 200
    assert counts["bytes"] > 200 * 500


async def test_refuses_the_shares_it_was_asked_to(context: AdapterContext):
    with sink("--reject-percent", "20", "--defer-percent", "10") as running:
        first = await send(running, context, 400)
        second = await send(running, context, 400, connections=1)
        counts = running.stop()
    assert first == second
    assert 40 < first.count(Outcome.REJECTED) < 120
    assert 15 < first.count(Outcome.DEFERRED) < 70
    assert counts["accepted"] == 2 * first.count(Outcome.ACCEPTED)
    assert counts["rejected"] == 2 * first.count(Outcome.REJECTED)


def test_clients_we_did_not_write(tmp_path: Path):
    record = tmp_path / "record"
    content = b"Message-Id: <m@x>\r\nSubject: x\r\n\r\n.dots\r\n..\r\n"
    with sink("--record", str(record)) as running:
        with smtplib.SMTP("127.0.0.1", running.port) as client:
            client.sendmail("a@b.example", ["c@d.example", "e@f.example"], content)
            client.sendmail("a@b.example", ["g@h.example"], b"no header at all\r\n")
            client.helo()
            client.noop()
        counts = running.stop()
    assert record.read_text().splitlines() == ["<m@x>\tc@d.example", "<m@x>\te@f.example", "-\tg@h.example"]
    assert counts["accepted"] == 2
    assert counts["recipients"] == 3
    assert counts["connections"] == 1


def test_bytes_in_any_pieces_and_commands_out_of_order():
    script = (
        b"EHLO x\r\nRCPT TO:<a@b>\r\nMAIL FROM:<>\r\nDATA\r\nRSET\r\nBOGUS\r\n"
        b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n.\r\n"
        b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
    )
    with sink() as running:
        client = socket.create_connection(("127.0.0.1", running.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(0, len(script), 3):
            client.sendall(script[place : place + 3])
            time.sleep(0.001)
        answers = b""
        while received := client.recv(4096):
            answers += received
        client.close()
        counts = running.stop()
    codes = [line[:3] for line in answers.decode().splitlines() if line[3] == " "]
    assert codes == [
        "220",
        "250",
        "503",
        "250",
        "554",
        "250",
        "502",
        "250",
        "250",
        "354",
        "250",
        "250",
        "250",
        "354",
        "250",
        "221",
    ]
    assert counts["accepted"] == 2


async def test_message_cut_in_its_middle_is_not_counted(context: AdapterContext):
    with sink() as running:
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nSubject: x\r\n")
            time.sleep(0.1)
        assert await send(running, context, 1) == [Outcome.ACCEPTED]
        counts = running.stop()
    assert counts["accepted"] == 1


async def test_large_message_passes(context: AdapterContext):
    with sink() as running:
        adapter = SmtpProvider().open(running.settings, context)
        (result,) = await adapter.send([letter(1, text="long line of text\n" * 200_000)])
        await adapter.close()
        counts = running.stop()
    assert result.outcome is Outcome.ACCEPTED
    assert counts["bytes"] > 3_600_000


def test_port_is_announced_when_asked_for():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with sink("--port", str(port), "--announce") as running:
        assert running.port == port
