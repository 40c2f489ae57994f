"""A run that is killed at any moment, and the run after it, end with exactly what an undisturbed run does."""

import asyncio
import signal
import subprocess
import sys

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.services import Services
from mailgenius.product.imports import running, service as imports
from mailgenius.product.imports.model import Import, ImportState
from tests.product.imports.conftest import get, rejects_text

CHUNK_BYTES = 30_000
CHILD = """
import asyncio, sys
from pathlib import Path
from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.storage import open_storage
from mailgenius.processes.wiring import build_jobs
from mailgenius.product.imports import running
from mailgenius.product.imports.files import separated
from mailgenius.product.imports import parts

url, home, workspace_id, import_id = sys.argv[1:]
separated.CHUNK_BYTES = 30_000
parts.MIN_LANE_ROWS = 100

async def main():
    storage = open_storage(Settings(home=Path(home)))
    async with Database(url, build_jobs(), keys=Keys(b"k" * 32)) as db:
        await running.run(db, storage, workspace_id=int(workspace_id), import_id=int(import_id))

asyncio.run(main())
"""

EVERYTHING = Query(
    "dump",
    "All leads without what differs by time.",
    """SELECT email, phone, external_id, name, status, tags, fields, consent_source
         FROM leads WHERE workspace_id = %(workspace_id)s::bigint ORDER BY email, phone, external_id""",
)
COUNTED = Query(
    "counted",
    "The kept counters.",
    """SELECT key, sum(n) FROM lead_counts WHERE workspace_id = %(workspace_id)s::bigint
        GROUP BY key HAVING sum(n) <> 0 ORDER BY key""",
)
KILLED_AFTER = (1, 1500)
"""Rows of 4,000: what is left after the last must outlast the look that notices it, on a busy machine too."""


def awkward_file() -> bytes:
    """Rows of every kind: new, repeated in and across chunks, contradicting, bad, over several lines."""
    lines = ["email,phone,id,name,city,tags"]
    for n in range(4000):
        match n % 10:
            case 3:
                lines.append(f"lead{n - 1}@example.com,,,Again {n},,again")
            case 5:
                lines.append(f"lead{max(0, n - 2005)}@example.com,,,Much later {n},,late")
            case 7:
                lines.append(f'lead{n}@example.com,,A{n},"Two\nlines",Recife,a;b')
            case 8:
                lines.append(f"broken{n},,,,,")
            case 9:
                lines.append(f"other{n}@example.com,+55119{n - 9:08d},,Same phone,,")
            case _:
                lines.append(f"lead{n}@example.com,+55119{n:08d},,Lead {n},São Paulo,a")
    return ("\n".join(lines) + "\n").encode()


def outcome(found: Import) -> tuple:
    return (
        found.rows_read,
        found.rows_created,
        found.rows_updated,
        found.rows_unchanged,
        found.rows_rejected,
    )


async def start(services: Services, workspace_id: int, key: str, size: int) -> int:
    async with services.db.tenant(workspace_id) as tx:
        started = await imports.start(
            tx, workspace_id=workspace_id, file_key=key, file_name="x.csv", file_size=size, tags=["all"]
        )
    return started.id


async def killed_run(services: Services, url: str, workspace_id: int, import_id: int, after: int) -> None:
    """Run the import in a process of its own, and kill it once so many rows are in."""
    args = [url, str(services.settings.home), str(workspace_id), str(import_id)]
    process = subprocess.Popen([sys.executable, "-c", CHILD, *args])
    try:
        while process.poll() is None and (await get(services.db, workspace_id, import_id)).rows_read < after:
            await asyncio.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def dump(db: Database, workspace_id: int) -> tuple:
    async with db.trusted() as tx:
        return (
            await tx.rows(EVERYTHING, workspace_id=workspace_id),
            await tx.rows(COUNTED, workspace_id=workspace_id),
        )


async def test_killed_runs_end_as_an_undisturbed_one(
    *, services: Services, store, database_url: str, workspace_id: int, other_workspace_id: int, monkeypatch
):
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_BYTES", CHUNK_BYTES)
    monkeypatch.setattr("mailgenius.product.imports.parts.MIN_LANE_ROWS", 100)
    content = awkward_file()
    key = await store(content)
    killed = await start(services, workspace_id, key, len(content))
    for rows in KILLED_AFTER:
        await killed_run(services, database_url, workspace_id, killed, after=rows)
    half_done = await get(services.db, workspace_id, killed)
    assert half_done.state is ImportState.RUNNING
    assert 0 < half_done.rows_read < 4000
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=killed)

    key = await store(content)
    calm = await start(services, other_workspace_id, key, len(content))
    await running.run(services.db, services.storage, workspace_id=other_workspace_id, import_id=calm)
    theirs, ours = (
        await get(services.db, other_workspace_id, calm),
        await get(services.db, workspace_id, killed),
    )
    assert ours.state is ImportState.DONE
    assert ours.rows_read == 4000
    assert outcome(ours) == outcome(theirs)
    assert await dump(services.db, workspace_id) == await dump(services.db, other_workspace_id)
    rejects = (await rejects_text(services.db, workspace_id, killed)).splitlines()
    assert len(rejects) == 1 + ours.rows_rejected
    expected = await rejects_text(services.db, other_workspace_id, calm)
    assert [line.split(",")[0] for line in rejects] == [line.split(",")[0] for line in expected.splitlines()]


async def test_two_runs_of_one_import_at_once_do_each_part_once(
    services: Services, store, workspace_id: int, monkeypatch
):
    """A worker that was taken for dead may come back: the bookmark lets only one commit each part."""
    monkeypatch.setattr("mailgenius.product.imports.files.separated.CHUNK_BYTES", CHUNK_BYTES)
    content = awkward_file()
    key = await store(content)
    started = await start(services, workspace_id, key, len(content))
    both = [
        running.run(services.db, services.storage, workspace_id=workspace_id, import_id=started)
        for _ in range(2)
    ]
    await asyncio.gather(*both)
    # Whoever lost a race has stopped; the job is run again, as the queue would do for a worker that died.
    await running.run(services.db, services.storage, workspace_id=workspace_id, import_id=started)
    found = await get(services.db, workspace_id, started)
    assert (found.state, found.rows_read) == (ImportState.DONE, 4000)
    counted = dict((await dump(services.db, workspace_id))[1])
    assert counted["all"] == found.rows_created
