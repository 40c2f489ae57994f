"""The house that `bench leads` measures in: one big workspace beside nine small ones, kept between runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.filling import Run, filling
from mailgenius.kit.db.migrations import migrate
from mailgenius.kit.db.queries import parse_queries
from mailgenius.ops.bench_place import database_of
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.product.workspaces import service as workspaces

NEIGHBOURS = 9
SMALLER = 100
"""A neighbour has so many times fewer leads."""
AT_ONCE = 250_000
DONE = "leads.json"
"""Written last: a folder without it was left half-built."""

_SQL = parse_queries(Path(__file__).with_name("bench_leads.sql").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A lead with all identities and a long life."""

    id: int
    email: str
    phone: str
    external_id: str


@dataclass(frozen=True, kw_only=True)
class House:
    """What was built, and leads to look for."""

    rows: int
    workspace_id: int
    neighbour_id: int
    probes: list[Probe]


@contextmanager
def kept_house(folder: Path, *, rows: int, tell: Callable[[str], None]) -> Iterator[tuple[Settings, Path]]:
    """Run the database in a folder, and give its settings and the note that says what was built in it.

    Raises:
        BenchFailed: the folder holds a house of another size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    settings = load_settings({"MAILGENIUS_HOME": str(folder)})
    server = EmbeddedPostgres(settings.home)
    note = folder / DONE
    if note.exists() and (house := read_note(note)).rows != rows:
        raise BenchFailed(detail=f"the folder holds {house.rows:,} leads; name another, or delete it")
    migrate(server.acquire())
    try:
        if note.exists():
            tell(f"Using the {rows:,} leads of {folder}")
        yield settings, note
    finally:
        server.release()


def read_note(note: Path) -> House:
    return msgspec.json.decode(note.read_bytes(), type=House)


async def build(settings: Settings, note: Path, *, rows: int, tell: Callable[[str], None]) -> House:
    """Fill the house, note what it holds, and return it.

    Raises:
        BenchFailed: an earlier build was left half-done.
    """
    async with database_of(settings) as db, db.trusted() as tx:
        if await workspaces.list_workspaces(tx):
            raise BenchFailed(detail="the folder holds a house that was left half-built; delete it")
        ids = [(await workspaces.create_workspace(tx, name=f"Bench {n}")).id for n in range(NEIGHBOURS + 1)]
    return _built(settings, note, ids, rows=rows, tell=tell)


def _built(
    settings: Settings, note: Path, ids: list[int], *, rows: int, tell: Callable[[str], None]
) -> House:
    big, *others = ids
    tell(f"Building {rows:,} leads beside {NEIGHBOURS} times {rows // SMALLER:,}")
    with filling(EmbeddedPostgres(settings.home).url, table="leads") as run:
        _fill(run, big, total=rows, first=1, last=rows // 2)
        for other in others:
            _fill(run, other, total=rows // SMALLER, first=1, last=rows // SMALLER)
        _fill(run, big, total=rows, first=rows // 2 + 1, last=rows)
        tell("Counting them, and giving some a long life")
        for workspace_id in ids:
            run(_SQL["count-leads"], workspace_id=workspace_id)
            run(_SQL["name-fields"], workspace_id=workspace_id)
        run(_SQL["fill-activity"], workspace_id=big)
        ((order_id,),) = run(_SQL["open-order"], workspace_id=big)
        run(_SQL["fill-messages"], workspace_id=big, order_id=order_id)
        run(_SQL["fill-events"], workspace_id=big, order_id=order_id)
        probes = [
            Probe(id=lead_id, email=email, phone=phone, external_id=external_id)
            for lead_id, email, phone, external_id in run(_SQL["probe-leads"], workspace_id=big)
        ]
        tell("Building the indexes")
    house = House(rows=rows, workspace_id=big, neighbour_id=others[0], probes=probes)
    note.write_bytes(msgspec.json.encode(house))
    return house


def _fill(run: Run, workspace_id: int, *, total: int, first: int, last: int) -> None:
    for start in range(first, last + 1, AT_ONCE):
        run(
            _SQL["fill-leads"],
            workspace_id=workspace_id,
            total=total,
            first=start,
            last=min(start + AT_ONCE - 1, last),
        )
