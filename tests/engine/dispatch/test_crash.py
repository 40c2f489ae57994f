"""An engine is killed in the middle of its work: nothing is lost or sent twice, and the rest is named."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Limits
from mailgenius.engine.dispatch.dispatcher import Pump
from mailgenius.engine.dispatch.senders import LONGEST_WINDOW
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from tests.engine.dispatch.test_dispatcher import ended, until
from tests.engine.ledger.test_protocol import conserved, counts
from tests.factories.engine import addresses, make_order

RECIPIENTS = 20_000
MOST_OPEN = Pump().batches_of_connection * LONGEST_WINDOW


@asynccontextmanager
async def child(*command: str, log: Path, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of ours, stopped by its handle at the end whatever happens."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdout=asyncio.subprocess.PIPE, stderr=output,
            env={**os.environ, **environ},
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        # Not wait(): the pipe must be read to its end for the transport to close.
        await asyncio.wait_for(process.communicate(), 60)


@asynccontextmanager
async def sink(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    record = folder / "sink.tsv"
    async with child(
        "mailgenius.channels.email.smtp.sink", "--port", "0", "--record", str(record), log=folder / "sink.log"
    ) as process:
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield msgspec.json.decode(line)["port"], record


@asynccontextmanager
async def engine(services: Services) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = services.settings
    async with child(
        "mailgenius.processes", "engine", "--parent", str(os.getpid()), "--roles", "engine",
        log=settings.home / "engine.log",
        MAILGENIUS_HOME=str(settings.home),
        MAILGENIUS_DATABASE_URL=settings.database_url,
        MAILGENIUS_SECRET_KEY=settings.secret_key.decode(),
    ) as process:  # fmt: skip
        yield process


async def smtp_connection(db: Database, keys: Keys, workspace_id: int, port: int) -> int:
    async with db.trusted() as tx:
        made = await connections.create(
            tx,
            workspace_id=workspace_id,
            name="sink",
            channel="email",
            provider="smtp",
            settings={"host": "127.0.0.1", "port": port, "security": "none"},
            limits=Limits(),
            keys=keys,
        )
    return made.id


def received(record: Path) -> list[tuple[str, str]]:
    """Message-ID and recipient of each message the sink took."""
    lines = record.read_text().splitlines() if record.exists() else []
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


async def until_received(record: Path, number: int, engine: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + 120
    while len(received(record)) < number:
        assert time.monotonic() < deadline
        assert engine.returncode is None
        await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_kill_9_in_the_middle_of_twenty_thousand(
    services: Services, tmp_path: Path, workspace_id: int, other_workspace_id: int
):
    db, people = services.db, addresses(RECIPIENTS)
    async with sink(tmp_path) as (port, record):
        connection_id = await smtp_connection(db, services.keys, workspace_id, port)
        theirs = await smtp_connection(db, services.keys, other_workspace_id, port)
        async with db.trusted() as tx:
            order_id = await make_order(tx, workspace_id, recipients=people, connection_id=connection_id)
            other = await make_order(tx, other_workspace_id, recipients=100, connection_id=theirs)
            await intake.hold(tx, workspace_id=other_workspace_id, order_id=other)
        async with engine(services) as first:
            await until_received(record, RECIPIENTS // 4, first)
            os.kill(first.pid, signal.SIGKILL)
            await first.wait()
        at_kill = await counts(db, workspace_id, order_id)
        assert at_kill["queued"] > 0, "it was killed too late to prove anything"
        async with engine(services):
            found = await until(db, workspace_id, order_id, ended, 240)
    arrivals = received(record)
    async with db.trusted() as tx:
        unknown = {
            row.address
            for row in await intake.messages(
                tx, workspace_id=workspace_id, order_id=order_id, state=MessageState.UNKNOWN, limit=RECIPIENTS
            )
        }
    everyone = {address for _, address in people}
    by_recipient = Counter(recipient for _, recipient in arrivals)
    assert max(by_recipient.values()) == 1, "sent twice"
    assert max(Counter(message_id for message_id, _ in arrivals).values()) == 1
    assert set(by_recipient) <= everyone, "somebody got what was not for them"
    assert everyone - set(by_recipient) <= unknown, "lost"
    assert 0 < len(unknown) <= MOST_OPEN
    assert found == {"accepted": RECIPIENTS - len(unknown), "unknown": len(unknown)}
    assert await counts(db, other_workspace_id, other) == {"queued": 100}
    assert await conserved(db)


@pytest.mark.timeout(300)
async def test_sigterm_loses_and_repeats_nothing_and_leaves_nothing_unknown(
    services: Services, tmp_path: Path, workspace_id: int
):
    db, people = services.db, addresses(4000)
    async with sink(tmp_path) as (port, record):
        connection_id = await smtp_connection(db, services.keys, workspace_id, port)
        async with db.trusted() as tx:
            order_id = await make_order(tx, workspace_id, recipients=people, connection_id=connection_id)
        async with engine(services) as first:
            await until_received(record, 500, first)
            first.terminate()
            await asyncio.wait_for(first.wait(), 40)
            assert first.returncode == 0
        stopped = await counts(db, workspace_id, order_id)
        assert stopped.keys() == {"accepted", "queued"}
        assert stopped["accepted"] == len(received(record))
        async with engine(services):
            assert await until(db, workspace_id, order_id, ended, 120) == {"accepted": 4000}
    assert Counter(recipient for _, recipient in received(record)) == Counter(a for _, a in people)
    assert await conserved(db)
