"""How fast this machine imports: a CSV file through the real job, beside a plain COPY of the same leads.

Everything is of this run: an embedded PostgreSQL in a folder of its own, a file of leads with seven columns,
and the job in a process of its own, so that its memory can be told. The limit is the same leads as ready-made
COPY text over two connections into a table with the same columns and indexes; triggers cost the import only.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from mailgenius.kit.config import Settings, load_settings
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.scratch import time_plain_copy
from mailgenius.kit.jobs import JobContext, JobTable
from mailgenius.kit.storage import open_storage
from mailgenius.ops.bench_place import database_of, environment, scratch_installation
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import ImportState
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

Progress = Callable[[str], None]

queue = JobTable()


async def bench_import(
    *, rows: int, home: Path | None = None, progress: Progress | None = None
) -> dict[str, float | int]:
    """Import `rows` leads, and return rate, limit, ratio (time over the limit's time) and peak memory.

    Args:
        rows: how many; below a hundred thousand the figure says little.
        home: where to make the scratch folder, which goes away at the end; the system's place when None.
        progress: told what goes on, in words for people.

    Raises:
        BenchFailed: the import did not take every row.
    """
    tell = progress or (lambda _: None)
    with scratch_installation(home) as settings:
        folder = settings.home
        workspace_id = await _workspace(settings)
        tell(f"Writing a file of {rows:,} leads")
        await asyncio.to_thread(_write, folder, workspace_id, rows)
        tell(f"Measuring a plain COPY over {CONNECTIONS} connections")
        url = EmbeddedPostgres(settings.home).url
        streams = [_blocks(_copy_file(folder, lane)) for lane in range(CONNECTIONS)]
        limit = await time_plain_copy(url, table="leads", columns=COLUMNS, streams=streams)
        tell(f"{rows / limit:,.0f} rows a second; importing")
        seconds, peak_mb = await _import(settings, workspace_id, rows)
    return {
        "rate": round(rows / seconds),
        "limit": round(rows / limit),
        "ratio": round(seconds / limit, 3),
        "rows": rows,
        "seconds": round(seconds, 2),
        "limit_seconds": round(limit, 2),
        "peak_rss_mb": peak_mb,
    }


@queue.job("imports.run")
async def never(_context: JobContext, **_: object) -> None:
    """Stand for the job in the queue, which nobody works here: the child runs the import itself."""


async def _workspace(settings: Settings) -> int:
    async with database_of(settings, queue) as db, db.trusted() as tx:
        return (await workspaces.create_workspace(tx, name="Bench")).id


def _write(folder: Path, workspace_id: int, rows: int) -> None:
    """Write the same leads twice: as the file that a person has, and as COPY text for each connection."""
    dice = random.Random(1)  # noqa: S311  # Made-up people need no cryptography.
    copies = [_copy_file(folder, lane).open("w", encoding="utf-8") for lane in range(CONNECTIONS)]
    with _csv_file(folder).open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(rows):
            email, name, phone, city, plan, age, tags = made_up_lead(dice, number)
            file.write(f"{email},{name},{phone},{city},{plan},{age},{tags}\n")
            fields = f'{{"city":"{city}","plan":"{plan}","age":"{age}"}}'
            labels = "{" + tags.replace(";", ",") + "}"
            copies[number % CONNECTIONS].write(
                f"{workspace_id}\t{email}\t{name}\t{phone}\t{fields}\t{labels}\n"
            )
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


async def _import(settings: Settings, workspace_id: int, rows: int) -> tuple[float, int]:
    """Import the file in a process of its own; return the job's seconds and its peak memory in megabytes."""
    file = _csv_file(settings.home)
    key = f"imports/{workspace_id}/bench/leads.csv"
    size = await open_storage(settings).put(key, _uploaded(file), limit=file.stat().st_size)
    async with database_of(settings, queue) as db:
        async with db.tenant(workspace_id) as tx:
            started = await imports.start(
                tx, workspace_id=workspace_id, file_key=key, file_name=file.name, file_size=size
            )
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", __spec__.name, str(workspace_id), str(started.id),
            env=environment(settings), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await child.communicate()
        async with db.tenant(workspace_id) as tx:
            done = await imports.get(tx, workspace_id=workspace_id, import_id=started.id)
    if child.returncode or done.state is not ImportState.DONE or done.rows_created != rows:
        raise BenchFailed(detail=f"{done.rows_created} of {rows} leads were created. {done.error}")
    measured = json.loads(output)
    return measured["seconds"], measured["peak_rss_mb"]


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
