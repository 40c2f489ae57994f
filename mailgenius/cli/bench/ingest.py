"""`bench ingest`: how many leads a second the JSON API takes in, many at once and one by one, all durable."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from mailgenius.cli.bench.keep_alive import Line, lines
from mailgenius.cli.bench.processors import Meter, parent_of
from mailgenius.cli.bench.rooms import bench_settings
from mailgenius.cli.output import say
from mailgenius.kit.db.scratch import time_plain_copy
from mailgenius.kit.ports import free_port
from mailgenius.kit.services import Services
from mailgenius.ops.bench_import import made_up_lead
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.processes.roles import Role
from mailgenius.processes.services import open_services
from mailgenius.processes.start import Plan, installation
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces import service as workspaces

BATCH = 5_000
CALLERS = 3
"""Batches under way at the same time: one is packed and sent, one read, one stored."""
CONNECTIONS = 64
"""Clients that post one lead after the other."""
COLUMNS = ("workspace_id", "email", "name", "phone", "fields", "tags")
P99 = 0.99
dice = random.Random(1)  # noqa: S311  # Made-up people need no cryptography.


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """What `bench ingest` saw. The limit is a plain COPY over two connections into the same indexed table.

    `*_us` are microseconds of processor time a lead, by who took them.
    """

    batch_rate: float
    limit: float
    ratio: float
    limit_us: dict[str, float]
    batch_us: dict[str, float]
    single_rate: float
    single_us: dict[str, float]
    half_load: float
    """Single leads a second that were offered for the waiting times."""
    p50_ms: float
    p99_ms: float
    leads: int
    singles: int
    batch: int
    connections: int


async def bench_ingest(*, rows: int, singles: int, target: int, http_workers: int = 1) -> IngestResult:
    """Post leads to the API of an installation of its own; the client runs beside it on the same machine.

    Args:
        rows: leads posted in batches.
        singles: leads posted one by one, as fast as it goes and again at half of `target`.
        target: single leads a second that should be reached.
        http_workers: processes that share the port.

    Raises:
        BenchFailed: an answer was not what it should be, or a lead is missing.
    """
    with bench_settings() as settings:
        plan = Plan(roles=(Role.WEB,), port=free_port(), http_workers=http_workers)
        async with (
            installation(settings, plan, asyncio.Event()) as running,
            open_services(settings) as services,
        ):
            workspace_id, key = await _prepare(services)
            meter = Meter({"http": running.supervisor.pids["http"], "postgres": await _server(services)})
            lanes = _copy_lanes(workspace_id, rows)
            meter.lap(rows)
            limit = rows / await _copy_seconds(settings.database_url, lanes)
            limit_us = meter.lap(rows)
            headers = {"Authorization": f"Bearer {key}"}
            async with lines(str(running.address), count=CONNECTIONS, headers=headers) as open_lines:
                numbers = itertools.count()
                await _post_batches(open_lines, _next(numbers, CALLERS * BATCH), meter)  # Warms it up.
                say(f"Posting {rows:,} leads in batches of {BATCH:,}")
                batch_seconds, batch_us = await _post_batches(open_lines, _next(numbers, rows), meter)
                await _post_singles(open_lines, _next(numbers, CONNECTIONS))
                say(f"Posting {singles:,} leads one by one from {CONNECTIONS} connections")
                meter.lap(singles)
                single_seconds = await _post_singles(open_lines, _next(numbers, singles))
                single_us = meter.lap(singles)
                say(f"Posting {singles:,} leads at {target // 2:,} a second")
                waits = await _post_paced(open_lines, _next(numbers, singles), pace=target / 2)
            await _check_all_there(services, workspace_id, expected=next(numbers))
    waits.sort()
    return IngestResult(
        batch_rate=round(rows / batch_seconds, 1),
        limit=round(limit, 1),
        ratio=round(rows / batch_seconds / limit, 3),
        limit_us=limit_us,
        batch_us=batch_us,
        single_us=single_us,
        single_rate=round(singles / single_seconds, 1),
        half_load=target / 2,
        p50_ms=round(waits[len(waits) // 2] * 1000, 1),
        p99_ms=round(waits[int(len(waits) * P99)] * 1000, 1),
        leads=rows,
        singles=singles,
        batch=BATCH,
        connections=CONNECTIONS,
    )


def _lead(number: int) -> dict[str, object]:
    email, name, phone, city, plan, age, tags = made_up_lead(dice, number)
    return {
        "email": email,
        "name": name,
        "phone": phone,
        "tags": tags.split(";"),
        "fields": {"city": city, "plan": plan, "age": age},
    }


def _next(numbers: Iterator[int], count: int) -> range:
    """Return the next numbers of people: nobody is posted twice."""
    start = next(numbers)
    for _ in range(count - 1):
        next(numbers)
    return range(start, start + count)


async def _prepare(services: Services) -> tuple[int, str]:
    async with services.db.trusted() as tx:
        workspace_id = (await workspaces.create_workspace(tx, name="Bench")).id
        made = await workspaces.create_api_key(
            tx, workspace_id=workspace_id, name="Bench", scopes=("leads:write",), created_by=None
        )
    return workspace_id, made.key


async def _server(services: Services) -> int:
    """Return the process that all processes of the database server are children of."""
    async with services.db.trusted() as tx:
        return parent_of(tx.connection.info.backend_pid)


async def _post_batches(
    open_lines: Sequence[Line], numbers: range, meter: Meter
) -> tuple[float, dict[str, float]]:
    """Post all numbers, some batches at a time, and return the seconds and the processor time of each lead.

    Packing the leads is part of it.
    """
    waiting = iter(range(numbers.start, numbers.stop, BATCH))
    # Making people up is no part of a customer's program, which has them.
    people = {
        start: [_lead(n) for n in range(start, min(start + BATCH, numbers.stop))]
        for start in range(numbers.start, numbers.stop, BATCH)
    }

    async def caller(line: Line) -> None:
        for start in waiting:
            body = msgspec.json.encode({"leads": people.pop(start)})
            answer = await line.post("/api/v1/leads/batch", body)
            if answer.status != HTTPStatus.OK or msgspec.json.decode(answer.body)["rejected"]:
                raise BenchFailed(detail=f"the API answered {answer.status}: {answer.body[:300]!r}")

    meter.lap(len(numbers))
    started = time.monotonic()
    await asyncio.gather(*map(caller, open_lines[:CALLERS]))
    return time.monotonic() - started, meter.lap(len(numbers))


async def _post_single(line: Line, number: int) -> None:
    answer = await line.post("/api/v1/leads", msgspec.json.encode(_lead(number)))
    if answer.status != HTTPStatus.CREATED:
        raise BenchFailed(detail=f"the API answered {answer.status}: {answer.body[:300]!r}")


async def _post_singles(open_lines: Sequence[Line], numbers: range) -> float:
    """Post all numbers one by one, on every connection one after the other, and return the seconds."""
    started, waiting = time.monotonic(), iter(numbers)

    async def caller(line: Line) -> None:
        for number in waiting:
            await _post_single(line, number)

    await asyncio.gather(*map(caller, open_lines))
    return time.monotonic() - started


async def _post_paced(open_lines: Sequence[Line], numbers: range, *, pace: float) -> list[float]:
    """Post all numbers at a steady pace, and return how long each waited from its own moment on.

    A lead whose turn comes while all connections are busy has been waiting since then: a stall is not hidden.
    """
    started = time.monotonic()
    waits: list[float] = []
    due = enumerate(numbers)

    async def caller(line: Line) -> None:
        for place, number in due:
            moment = started + place / pace
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            await _post_single(line, number)
            waits.append(time.monotonic() - moment)

    await asyncio.gather(*map(caller, open_lines))
    return waits


async def _check_all_there(services: Services, workspace_id: int, *, expected: int) -> None:
    async with services.db.trusted() as tx:
        found = sum((await leads.counts(tx, workspace_id=workspace_id)).values())
    if found != expected:
        raise BenchFailed(detail=f"{found} leads are stored, not {expected}")


def _copy_lanes(workspace_id: int, rows: int) -> list[list[bytes]]:
    lanes: list[list[bytes]] = [[], []]
    for number in range(rows):
        email, name, phone, city, plan, age, tags = made_up_lead(dice, number)
        fields = f'{{"city":"{city}","plan":"{plan}","age":"{age}"}}'
        labels = "{" + tags.replace(";", ",") + "}"
        line = f"{workspace_id}\t{email}\t{name}\t{phone}\t{fields}\t{labels}\n"
        lanes[number % 2].append(line.encode())
    return lanes


async def _copy_seconds(url: str, lanes: list[list[bytes]]) -> float:
    say(f"Measuring a plain COPY of {sum(map(len, lanes)):,} leads over two connections")
    return await time_plain_copy(url, table="leads", columns=COLUMNS, streams=lanes)
