"""`bench import`: a CSV file through the product, beside a plain COPY of the same leads."""

import asyncio
import time
from dataclasses import dataclass

from mailgenius.cli.bench.rooms import Room, room
from mailgenius.cli.bench.sample import COPY_COLUMNS, copy_stream, write_csv
from mailgenius.cli.importing import import_ended, start_import
from mailgenius.cli.output import progress
from mailgenius.kit.db.scratch import time_plain_copy
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.processes.roles import Role

COPY_CONNECTIONS = 2


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What `bench import` measured. Rates are rows a second; ratio is time over COPY's time."""

    rate: float
    limit: float
    ratio: float
    rows: int
    seconds: float
    limit_seconds: float
    file_bytes: int


async def bench_import(rows: int) -> ImportResult:
    """Measure an import from the start of its job to its end."""
    async with room(Role.JOBS) as here:
        limit_seconds = await _limit(here, rows)
        file = here.folder / "leads.csv"
        await asyncio.to_thread(write_csv, file, rows)
        seconds = await import_file(here, rows)
        size = file.stat().st_size
    return ImportResult(
        rate=round(rows / seconds),
        limit=round(rows / limit_seconds),
        ratio=round(seconds / limit_seconds, 2),
        rows=rows,
        seconds=round(seconds, 2),
        limit_seconds=round(limit_seconds, 2),
        file_bytes=size,
    )


async def import_file(here: Room, rows: int) -> float:
    """Import the room's file and return the seconds from its place in the queue to its end."""
    file = here.folder / "leads.csv"
    started = await start_import(here.services, workspace_id=here.workspace_id, path=file)
    before = time.perf_counter()
    with progress("Importing") as bar:
        done = await import_ended(
            here.services,
            workspace_id=here.workspace_id,
            import_id=started.id,
            seen=lambda found: bar.at(found.rows_read, rows),
        )
    seconds = time.perf_counter() - before
    if done.rows_read != rows or done.rows_rejected:
        raise BenchFailed(detail=f"{done.rows_read} rows read, {done.rows_rejected} rejected. {done.error}")
    return seconds


async def _limit(here: Room, rows: int) -> float:
    """Return the seconds of a plain COPY. The text is made beforehand, so that only the database is timed."""
    streams = [
        list(copy_stream(here.workspace_id, range(part, rows, COPY_CONNECTIONS)))
        for part in range(COPY_CONNECTIONS)
    ]
    return await time_plain_copy(here.url, table="leads", columns=COPY_COLUMNS, streams=streams)
