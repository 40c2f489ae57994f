"""How fast this machine imports: a CSV file through the real job, beside a plain COPY of the same leads.

Everything is of this run: an embedded PostgreSQL in a folder of its own, a file of leads with seven columns,
and the job in a process of its own, so that its memory can be told. The limit is the same leads as ready-made
COPY text over two connections into a table with the same columns and indexes; triggers cost the import only.
Then the same file comes again, which must rewrite nothing; and, when asked, once more as the first file of
another installation, with a legal basis for all of it.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.scratch import time_plain_copy
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.storage import open_storage
from mailgenius.ops import queries
from mailgenius.ops.bench_pace import Pace
from mailgenius.ops.bench_place import database_of, environment, scratch_folder, scratch_installation
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import Import, ImportState
from mailgenius.product.imports.running import run
from mailgenius.product.workspaces import service as workspaces

CONNECTIONS = 2
COLUMNS = ("workspace_id", "email", "name", "phone", "fields", "tags")
HEADER = "email,name,phone,city,plan,age,tags\n"
FIRST = ("Ana", "João", "Maria", "José", "Antônio", "Luís", "Fernanda", "Paulo", "Conceição", "Mário", "Inês")
LAST = ("Silva", "Souza", "Costa", "Santos", "Oliveira", "Araújo", "Gonçalves", "Lima", "Ramos", "Ávila")
CITIES = ("São Paulo", "Recife", "Belém", "Curitiba", "Florianópolis", "Goiânia", "Maceió", "Porto Alegre")
DOMAINS = ("gmail.com", "hotmail.com", "uol.com.br", "terra.com.br", "bol.com.br", "outlook.com.br")
PLANS = ("free", "basic", "gold")
TAGS = ("lead", "lead;vip", "newsletter", "newsletter;2026;vip")
ASCII = str.maketrans("ãâáàçéêíóôõú", "aaaaceeiooou")
LINES_AT_ONCE = 10_000
READ_AT_ONCE = 1 << 20

LIMIT_ROWS = 1_000_000
"""The limit is taken with no more: its ready-made text would need the disk once more."""
LOOK_EVERY_S = 0.2

Progress = Callable[[str], None]

queue = JobTable()


@dataclass(frozen=True, kw_only=True)
class ImportBench:
    """What `bench import` saw."""

    rows: int
    seconds: float
    rate: int
    limit_rows: int
    limit_seconds: float
    limit: int
    ratio: float
    """Times as long as the limit takes for as many rows."""
    peak_rss_mb: int
    """Of the process that imports, in all runs."""
    million_rates: list[int]
    """Rows a second of each million, in order; of all when there is no whole one."""
    steadiness: float
    """The rate of the whole file over that of its first million."""
    again_seconds: float
    again_rate: int
    again_ratio: float
    """How many times the first rate the same file has when it comes again."""
    again_rewritten: int
    """Rows of leads that were written anew by that; there is no reason for any."""
    consent_seconds: float | None = None
    consent_rate: int | None = None
    consent_ratio: float | None = None
    """Times as long as without a legal basis."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One import."""

    seconds: float
    peak_rss_mb: int
    pace: Pace = field(default_factory=Pace)


async def bench_import(
    *, rows: int, consent: bool = False, home: Path | None = None, progress: Progress | None = None
) -> ImportBench:
    """Import `rows` leads twice, and return rates, limit and peak memory.

    Disk: about 1 GB for a million rows, 10 GB for ten million.

    Args:
        rows: how many; below a hundred thousand the figure says little.
        consent: also import them into another installation, with a legal basis for the whole file.
        home: where to make the scratch folders, which go away at the end; the system's place when None.
        progress: told what goes on, in words for people.

    Raises:
        BenchFailed: an import did not take every row.
    """
    tell = progress or (lambda _: None)
    with scratch_folder(home) as folder:
        tell(f"Writing a file of {rows:,} leads")
        await asyncio.to_thread(_write, folder, rows)
        with scratch_installation(home) as settings:
            limit_rows = min(rows, LIMIT_ROWS)
            tell(f"Measuring a plain COPY of {limit_rows:,} over {CONNECTIONS} connections")
            limit = await _plain_copy(settings, folder)
            tell(f"{limit_rows / limit:,.0f} rows a second; importing")
            workspace_id = await _workspace(settings)
            first = await _import(settings, workspace_id, folder, rows=rows, created=rows)
            tell(f"{rows / first.seconds:,.0f} rows a second; the same file again")
            before = await _rewritten(settings)
            again = await _import(settings, workspace_id, folder, rows=rows, created=0)
            rewritten = await _rewritten(settings) - before
        agreed = await _with_consent(folder, home, rows, tell) if consent else None
    rates = first.pace.rates() or [round(rows / first.seconds)]
    return ImportBench(
        rows=rows,
        seconds=round(first.seconds, 2),
        rate=round(rows / first.seconds),
        limit_rows=limit_rows,
        limit_seconds=round(limit, 2),
        limit=round(limit_rows / limit),
        ratio=round(first.seconds / rows / (limit / limit_rows), 3),
        peak_rss_mb=max(each.peak_rss_mb for each in (first, again, agreed) if each),
        million_rates=rates,
        steadiness=round(rows / first.seconds / rates[0], 3),
        again_seconds=round(again.seconds, 2),
        again_rate=round(rows / again.seconds),
        again_ratio=round(first.seconds / again.seconds, 2),
        again_rewritten=rewritten,
        consent_seconds=round(agreed.seconds, 2) if agreed else None,
        consent_rate=round(rows / agreed.seconds) if agreed else None,
        consent_ratio=round(agreed.seconds / first.seconds, 3) if agreed else None,
    )


async def _with_consent(folder: Path, home: Path | None, rows: int, tell: Progress) -> Measured:
    with scratch_installation(home) as settings:
        tell("The same file with a legal basis for all of it, as the first of another installation")
        workspace_id = await _workspace(settings)
        return await _import(settings, workspace_id, folder, rows=rows, created=rows, basis=Basis.CONSENT)


async def _plain_copy(settings: Settings, folder: Path) -> float:
    url = EmbeddedPostgres(settings.home).url
    streams = [_blocks(_copy_file(folder, lane)) for lane in range(CONNECTIONS)]
    seconds = await time_plain_copy(url, table="leads", columns=COLUMNS, streams=streams)
    for lane in range(CONNECTIONS):
        _copy_file(folder, lane).unlink()
    return seconds


async def _rewritten(settings: Settings) -> int:
    async with database_of(settings, queue) as db, db.trusted() as tx:
        return await queries.rewritten_leads(tx)


@queue.job("imports.run")
async def never(_context: JobContext, **_: object) -> None:
    """Stand for the job in the queue, which nobody works here: the child runs the import itself."""


async def _workspace(settings: Settings) -> int:
    async with database_of(settings, queue) as db, db.trusted() as tx:
        return (await workspaces.create_workspace(tx, name="Bench")).id


def _write(folder: Path, rows: int) -> None:
    """Write the same leads twice: as the file that a person has, and as COPY text for each connection."""
    dice = random.Random(1)  # noqa: S311  # Made-up people need no cryptography.
    copies = [_copy_file(folder, lane).open("w", encoding="utf-8") for lane in range(CONNECTIONS)]
    with _csv_file(folder).open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(rows):
            email, name, phone, city, plan, age, tags = made_up_lead(dice, number)
            file.write(f"{email},{name},{phone},{city},{plan},{age},{tags}\n")
            if number < LIMIT_ROWS:
                fields = f'{{"city":"{city}","plan":"{plan}","age":"{age}"}}'
                labels = "{" + tags.replace(";", ",") + "}"
                copies[number % CONNECTIONS].write(f"1\t{email}\t{name}\t{phone}\t{fields}\t{labels}\n")
    for copy in copies:
        copy.close()


def made_up_lead(dice: random.Random, number: int) -> tuple[str, ...]:
    """Return the e-mail, name, phone, city, plan, age and tags of somebody; the number makes them unique."""
    first, last = dice.choice(FIRST), dice.choice(LAST)
    # Scattered over the alphabet, as people are; the number makes it unique.
    email = f"{first}.{last}{dice.randrange(1000)}.{number}@{dice.choice(DOMAINS)}".lower().translate(ASCII)
    phone = f"+55{dice.choice((11, 21, 31, 41, 81))}9{number:08d}"
    age = str(dice.randint(18, 80))
    return email, f"{first} {last}", phone, dice.choice(CITIES), dice.choice(PLANS), age, dice.choice(TAGS)


def _csv_file(folder: Path) -> Path:
    return folder / "leads.csv"


def _copy_file(folder: Path, lane: int) -> Path:
    return folder / f"leads.{lane}.copy"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(READ_AT_ONCE):
            yield block


async def _import(
    settings: Settings,
    workspace_id: int,
    folder: Path,
    *,
    rows: int,
    created: int,
    basis: Basis | None = None,
) -> Measured:
    """Import the file in a process of its own.

    Raises:
        BenchFailed: it did not create as many leads, or did not take the others as unchanged.
    """
    file = _csv_file(folder)
    key = f"imports/{workspace_id}/bench/leads.csv"
    size = await open_storage(settings).put(key, _uploaded(file), limit=file.stat().st_size)
    pace = Pace()
    async with database_of(settings, queue) as db:
        async with db.tenant(workspace_id) as tx:
            started = await imports.start(
                tx,
                workspace_id=workspace_id,
                file_key=key,
                file_name=file.name,
                file_size=size,
                consent_basis=basis,
            )

        async def look() -> Import:
            async with db.tenant(workspace_id) as tx:
                return await imports.get(tx, workspace_id=workspace_id, import_id=started.id)

        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", __spec__.name, str(workspace_id), str(started.id),
            env=environment(settings), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said = asyncio.create_task(child.communicate())
        while not (await asyncio.wait([said], timeout=LOOK_EVERY_S))[0]:
            pace.note((await look()).rows_read)
        output, _ = await said
        done = await look()
        pace.note(done.rows_read)
    wanted = (ImportState.DONE, created, rows - created)
    if child.returncode or (done.state, done.rows_created, done.rows_unchanged) != wanted:
        raise BenchFailed(
            detail=f"{done.rows_created} leads were created and {done.rows_unchanged} left unchanged, "
            f"of {rows}. {done.error}"
        )
    return Measured(**json.loads(output), pace=pace)


async def _uploaded(path: Path) -> AsyncIterator[bytes]:
    for block in _blocks(path):
        yield block


async def _child(workspace_id: int, import_id: int) -> dict[str, float | int]:
    settings = load_settings()
    async with database_of(settings, queue) as db:
        before = time.perf_counter()
        await run(db, open_storage(settings), workspace_id=workspace_id, import_id=import_id)
        seconds = time.perf_counter() - before
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "peak_rss_mb": peak_mb}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_child(int(sys.argv[1]), int(sys.argv[2])))))
