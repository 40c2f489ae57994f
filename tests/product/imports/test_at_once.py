"""Several imports of one workspace at the same time: no deadlock, no update lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from mailgenius.product.imports import running, service as imports
from mailgenius.product.imports.model import ImportState
from mailgenius.product.leads import service as leads
from tests.product.imports.conftest import get

ROWS = 4_500


def file_of(field: str, seed: int) -> bytes:
    """The same people in an order of its own, with one field that only this file knows."""
    people = list(range(ROWS))
    random.Random(seed).shuffle(people)
    rows = "".join(f"p{n}@example.com,+5511{900000000 + n},c{(n * 7919) % ROWS},{n}\n" for n in people)
    return f"email,phone,external_id,{field}\n{rows}".encode()


async def test_imports_at_once_neither_wait_for_ever_nor_lose_anything(
    db: Database, services: Services, workspace_id: int, store: Callable[[bytes], Awaitable[str]]
):
    started = []
    for seed, field in enumerate(("one", "two", "three")):
        content = file_of(field, seed)
        async with db.tenant(workspace_id) as tx:
            made = await imports.start(
                tx,
                workspace_id=workspace_id,
                file_key=await store(content),
                file_name=f"{field}.csv",
                file_size=len(content),
            )
        started.append(made.id)
    await asyncio.gather(
        *(running.run(db, services.storage, workspace_id=workspace_id, import_id=each) for each in started)
    )
    done = [await get(db, workspace_id, each) for each in started]
    assert [(each.state, each.rows_rejected, each.rows_read) for each in done] == [
        (ImportState.DONE, 0, ROWS)
    ] * 3
    assert sum(each.rows_created for each in done) == ROWS
    async with db.trusted() as tx:
        page = await leads.search(tx, workspace_id=workspace_id, limit=500)
        assert sum((await leads.counts(tx, workspace_id=workspace_id)).values()) == ROWS
    for lead in page.items:
        assert {lead.fields[name] for name in ("one", "two", "three")} == {lead.email[1:-12]}
