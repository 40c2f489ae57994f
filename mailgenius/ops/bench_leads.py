"""How fast leads are found among many: a table of lists and searches through the real service calls.

For each: the time of the call inside an open transaction, and how the database read its tables. The house
that they are asked in is `bench_leads_house`.
"""

import base64
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Row, Tx
from mailgenius.kit.jobs import Jobs
from mailgenius.ops.bench_cost import processor_time
from mailgenius.ops.bench_leads_house import House, build, kept_house, read_note
from mailgenius.ops.bench_place import database_of
from mailgenius.product.analytics import service as analytics
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadSort, LeadStatus, Span

T = TypeVar("T")
WORDS = ("quintanilha", "zeferino", "maria", "mar", "maria silva", "joão quintanilha", "qwertz", "gmail")
"""Rare, rare and old, common, the beginning of several, two common, common and rare, none, very common."""
VALUES = (
    ("city", "Quixeramobim"),
    ("city", "Cidade 7"),
    ("city", "São Paulo"),
    ("plan", "gold"),
    ("age", "33"),
    ("score", "4242"),
    ("customer", "yes"),
    ("birthday", "1980-05-04"),
)
ONE_LEAD = "one lead with its timeline"
Ask = Callable[[Tx, random.Random], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One line of the table."""

    name: str
    p50_ms: float
    p95_ms: float
    worst_ms: float
    cpu_ms: float
    """Processor time of a call, here and in the database: it tells little of other work on the machine."""
    scans: Sequence[str]
    """How the tables were read, such as `Index Scan leads`."""


@dataclass(frozen=True, kw_only=True)
class LeadsBench:
    """The table and its worst figures."""

    rows: int
    lines: Sequence[Measured]
    worst_p95_ms: float
    worst_ms: float
    one_lead_p95_ms: float
    sequential: Sequence[str]
    """Lines that read a whole table of leads."""


class RecordingTx(Tx):
    """A transaction that remembers what it was asked, so that the plans can be looked at afterwards."""

    __slots__ = ("asked",)

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx.connection, Jobs([]), workspace_id=tx.workspace_id)
        self.asked: list[tuple[Query, dict[str, Any]]] = []

    async def all(self, row: type[T], query: Query, **parameters: Any) -> list[T]:
        self.asked.append((query, parameters))
        return await super().all(row, query, **parameters)

    async def first(self, row: type[T], query: Query, **parameters: Any) -> T | None:
        self.asked.append((query, parameters))
        return await super().first(row, query, **parameters)

    async def rows(self, query: Query, **parameters: Any) -> list[Row]:
        self.asked.append((query, parameters))
        return await super().rows(query, **parameters)


async def bench_leads(
    *, rows: int, folder: Path, times: int = 40, progress: Callable[[str], None] | None = None
) -> LeadsBench:
    """Build the house if the folder holds none yet, and ask each list `times` times with values by chance.

    Raises:
        BenchFailed: the folder holds a house of another size, or half of one.
    """
    tell = progress or (lambda _: None)
    with kept_house(folder, rows=rows, tell=tell) as (settings, note):
        house = read_note(note) if note.exists() else await build(settings, note, rows=rows, tell=tell)
        async with database_of(settings) as db:
            lines = []
            for name, ask in _questions(house):
                lines.append(await _measured(db, name, ask, times))
                line = lines[-1]
                tell(told(line))
    lists = [line for line in lines if line.name != ONE_LEAD]
    return LeadsBench(
        rows=rows,
        lines=lines,
        worst_p95_ms=max(line.p95_ms for line in lists),
        worst_ms=max(line.worst_ms for line in lists),
        one_lead_p95_ms=next(line.p95_ms for line in lines if line.name == ONE_LEAD),
        sequential=[line.name for line in lines if "Seq Scan leads" in line.scans],
    )


def told(line: Measured) -> str:
    """Return a line of the table."""
    return f"{line.name:45} {line.p50_ms:7.1f} {line.p95_ms:7.1f} {line.worst_ms:7.1f} {line.cpu_ms:7.1f}"


async def _measured(db: Database, name: str, ask: Ask, times: int) -> Measured:
    dice = random.Random(name)  # noqa: S311  # The same questions in each run.
    spent: list[float] = []
    async with db.trusted() as tx:
        recording = RecordingTx(tx)
        await ask(recording, dice)  # Also warms the connection up.
        scans = await scans_of(tx, recording.asked)
        processes = (os.getpid(), tx.connection.info.backend_pid)
        worked = sum(map(processor_time, processes))
        for _ in range(times):
            before = time.perf_counter()
            await ask(tx, dice)
            spent.append((time.perf_counter() - before) * 1000)
        worked = sum(map(processor_time, processes)) - worked
    cuts = statistics.quantiles(spent, n=20, method="inclusive")
    return Measured(
        name=name,
        p50_ms=round(statistics.median(spent), 2),
        p95_ms=round(cuts[-1], 2),
        worst_ms=round(max(spent), 2),
        cpu_ms=round(worked / times / 1000, 2),
        scans=scans,
    )


async def scans_of(tx: Tx, asked: Sequence[tuple[Query, dict[str, Any]]]) -> list[str]:
    found: dict[str, None] = {}
    for query, parameters in asked:
        if not query.sql.lstrip().upper().startswith(("SELECT", "WITH")):
            continue
        explained = Query(query.name, query.about, f"EXPLAIN (FORMAT JSON) {query.sql}")
        ((plan,),) = await tx.rows(explained, **parameters)
        found |= dict.fromkeys(_nodes(plan[0]["Plan"]))
    return sorted(found)


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    """The ways in which a plan reads tables."""
    if "Relation Name" in plan:
        yield f"{plan['Node Type']} {plan['Relation Name']}"
    elif plan["Node Type"] == "Bitmap Index Scan":
        yield f"Bitmap Index Scan {plan['Index Name']}"
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _questions(house: House) -> Iterator[tuple[str, Ask]]:
    """The lists and searches of the table, by name."""
    big, small = house.workspace_id, house.neighbour_id
    now = datetime.now(UTC)
    month = Span(since=now - timedelta(days=700), until=now - timedelta(days=670))
    day = Span(since=now - timedelta(days=1))

    def listed(workspace_id: int = big, **values: Any) -> Ask:
        return lambda tx, _: leads.search(tx, workspace_id=workspace_id, **values)

    for sort in LeadSort:
        yield f"all, {sort}", listed(sort=sort)
        yield f"all, {sort}, deep in", _deep(house, sort)
    for text in WORDS:
        yield f"word “{text}”", listed(text=text)
    yield "two words and a deep page", _second(house, text="maria silva")
    yield from _identities(house)
    for tag in ("newsletter", "vip", "beta", "legacy"):
        yield f"tag {tag}", listed(tag=tag)
    yield "tag legacy, last changed", listed(tag="legacy", sort=LeadSort.CHANGED)
    yield "tag beta, last changed", listed(tag="beta", sort=LeadSort.CHANGED)
    yield "tag legacy, oldest", listed(tag="legacy", sort=LeadSort.OLDEST)
    for status in LeadStatus:
        yield f"status {status}", listed(status=status)
    for key, value in VALUES:
        yield f"field {key} = {value}", listed(fields={key: value})
    yield "added in a month two years ago", listed(created=month)
    yield "changed in the last day", listed(updated=day)
    yield "changed in the last day, last changed", listed(updated=day, sort=LeadSort.CHANGED)
    yield "word and tag", listed(text="maria", tag="legacy")
    yield "word and rare tag", listed(text="maria", tag="beta")
    yield "word and status", listed(text="silva", status=LeadStatus.BLOCKED)
    yield "word and month", listed(text="maria", created=month)
    yield "word, tag, field", listed(text="ana", tag="vip", fields={"plan": "gold"})
    yield "two fields", listed(fields={"city": "Cidade 7", "age": "33"})
    yield (
        "field, status, last changed",
        listed(fields={"plan": "gold"}, status=LeadStatus.ACTIVE, sort=LeadSort.CHANGED),
    )
    yield "neighbour: word", listed(small, text="maria")
    yield "neighbour: two words", listed(small, text="maria silva")
    yield "neighbour: tag", listed(small, tag="legacy")
    yield "neighbour: word that only the big one has", listed(small, text="zeferina")
    yield ONE_LEAD, _one(house)


def _identities(house: House) -> Iterator[tuple[str, Ask]]:
    """Looking for somebody by what is known of them, in any notation."""

    def by(text: Callable[[random.Random], str]) -> Ask:
        return lambda tx, dice: leads.search(tx, workspace_id=house.workspace_id, text=text(dice))

    def local(phone: str) -> str:
        return f"({phone[3:5]}) {phone[5:10]}-{phone[10:]}"

    yield "whole e-mail", by(lambda dice: dice.choice(house.probes).email)
    yield "beginning of an e-mail", by(lambda dice: dice.choice(house.probes).email[:-14])
    yield "phone, international", by(lambda dice: dice.choice(house.probes).phone)
    yield "phone, (11) 98765-4321", by(lambda dice: local(dice.choice(house.probes).phone))
    yield "phone, its beginning", by(lambda dice: dice.choice(house.probes).phone[3:10])
    yield "external id", by(lambda dice: dice.choice(house.probes).external_id)


def _deep(house: House, sort: LeadSort) -> Ask:
    """A page anywhere in the list: the cursor of the first page, moved to a lead by chance."""

    async def ask(tx: Tx, dice: random.Random) -> object:
        probe = dice.choice(house.probes)
        moved = now - timedelta(days=dice.randrange(1, 900))
        key = (
            sort.value,
            probe.id,
            moved.isoformat() if sort is LeadSort.CHANGED else None,
            house.rows,
            False,
        )
        cursor = base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()
        return await leads.search(tx, workspace_id=house.workspace_id, sort=sort, cursor=cursor)

    now = datetime.now(UTC)
    return ask


def _second(house: House, *, text: str) -> Ask:
    """The second page: the cursor of a first one is asked for once."""
    cursor: list[str | None] = []

    async def ask(tx: Tx, _: random.Random) -> object:
        if not cursor:
            page = await leads.search(tx, workspace_id=house.workspace_id, text=text, limit=500)
            cursor.append(page.next_cursor)
        return await leads.search(tx, workspace_id=house.workspace_id, text=text, cursor=cursor[0])

    return ask


def _one(house: House) -> Ask:
    """What the page of one lead asks for."""

    async def ask(tx: Tx, dice: random.Random) -> object:
        workspace_id, lead_id = house.workspace_id, dice.choice(house.probes).id
        return (
            await leads.get(tx, workspace_id=workspace_id, lead_id=lead_id),
            await leads.fields(tx, workspace_id=workspace_id),
            await leads.tags(tx, workspace_id=workspace_id),
            await analytics.lead_timeline(tx, workspace_id=workspace_id, lead_id=lead_id, limit=30),
        )

    return ask
