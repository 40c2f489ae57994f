"""`bench bulk`: how long acts on many leads take, beside one plain UPDATE of the same rows."""

import random
import time
from dataclasses import dataclass
from typing import Any

from mailgenius.cli.bench.rooms import Room, room
from mailgenius.cli.output import say
from mailgenius.kit.db.scratch import time_plain_update
from mailgenius.ops.bench_import import made_up_lead
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import LeadAct
from mailgenius.product.leads.model import MAX_BATCH, LeadInput, LeadStatus

ACTS: dict[str, dict[str, Any]] = {
    "add_tags": {"act": LeadAct.ADD_TAGS, "tags": ["bench"]},
    "set_fields": {"act": LeadAct.SET_FIELDS, "fields": {"city": "Recife", "bench": "yes"}},
    "set_status": {"act": LeadAct.SET_STATUS, "status": LeadStatus.BLOCKED},
    "remove_tags": {"act": LeadAct.REMOVE_TAGS, "tags": ["bench"]},
}


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    """What `bench bulk` saw. The limit is one plain UPDATE of the tags of all rows, in one transaction."""

    leads: int
    limit_seconds: float
    seconds: dict[str, float]
    """By act, from the first step to the last, one after the other."""
    rates: dict[str, float]
    ratios: dict[str, float]
    """Times as long as the limit."""
    worst_ratio: float


async def bench_bulk(*, rows: int) -> BulkResult:
    """Fill a scratch installation with leads and act on all of them, step by step as the job does.

    Raises:
        BenchFailed: an act did not reach every lead.
    """
    async with room() as here:
        say(f"Making {rows:,} leads")
        await _fill(here, rows)
        limit = await time_plain_update(here.url, table="leads", column="tags", value=["plain"])
        seconds = {}
        for name, values in ACTS.items():
            say(f"{name}, {rows:,} leads")
            seconds[name] = await _act(here, rows, values)
    return BulkResult(
        leads=rows,
        limit_seconds=round(limit, 2),
        seconds={name: round(taken, 2) for name, taken in seconds.items()},
        rates={name: round(rows / taken) for name, taken in seconds.items()},
        ratios={name: round(taken / limit, 2) for name, taken in seconds.items()},
        worst_ratio=round(max(seconds.values()) / limit, 2),
    )


async def _fill(here: Room, rows: int) -> None:
    dice = random.Random(1)  # noqa: S311  # Made-up people need no cryptography.
    for start in range(0, rows, MAX_BATCH):
        people = [made_up_lead(dice, number) for number in range(start, min(start + MAX_BATCH, rows))]
        given = [
            LeadInput(
                email=email,
                name=name,
                phone=phone,
                tags=tuple(tags.split(";")),
                fields={"city": city, "plan": plan, "age": age},
            )
            for email, name, phone, city, plan, age, tags in people
        ]
        async with here.services.db.trusted() as tx:
            await leads.upsert_batch(tx, workspace_id=here.workspace_id, leads=given)


async def _act(here: Room, rows: int, values: dict[str, Any]) -> float:
    db, workspace_id = here.services.db, here.workspace_id
    async with db.trusted() as tx:
        act = await leads.start_bulk(tx, workspace_id=workspace_id, **values)
    started, more = time.monotonic(), True
    while more:
        async with db.trusted() as tx:
            more = await leads.bulk_step(tx, workspace_id=workspace_id, act_id=act.id)
    taken = time.monotonic() - started
    async with db.trusted() as tx:
        done = await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act.id)
    if done.done != rows or done.changed != rows:
        raise BenchFailed(detail=f"{done.act} changed {done.changed} of {rows} leads")
    return taken
