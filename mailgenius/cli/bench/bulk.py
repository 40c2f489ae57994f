"""`bench bulk`: how long acts on many leads and exports take, beside one plain UPDATE of the same rows."""

import random
import resource
import time
from dataclasses import dataclass
from typing import Any

from mailgenius.cli.bench.rooms import Room, room
from mailgenius.cli.output import say
from mailgenius.kit.db.scratch import time_plain_update
from mailgenius.ops.bench_import import made_up_lead
from mailgenius.ops.bench_sink import BenchFailed
from mailgenius.product.exports import running, service as exports
from mailgenius.product.exports.model import XLSX_LEADS, Format
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import EVERYBODY, LeadAct, Wanted
from mailgenius.product.leads.model import MAX_BATCH, LeadInput, LeadStatus
from mailgenius.product.segments import service as segments

ACTS: dict[str, dict[str, Any]] = {
    "add_tags": {"act": LeadAct.ADD_TAGS, "tags": ["bench"]},
    "set_fields": {"act": LeadAct.SET_FIELDS, "fields": {"city": "Recife", "bench": "yes"}},
    "set_status": {"act": LeadAct.SET_STATUS, "status": LeadStatus.BLOCKED},
    "remove_tags": {"act": LeadAct.REMOVE_TAGS, "tags": ["bench"]},
    "members": {"act": LeadAct.ADD_TAGS, "tags": ["member"]},
    "delete": {"act": LeadAct.DELETE},
}
"""`members` is an act on a segment; leaving leads out of a campaign is `add_tags` too."""
TREE = {
    "any": [{"on": "status", "op": "in", "value": ["blocked"]}, {"on": "tag", "op": "any", "value": ["x"]}]
}
EXPORTS = {"csv": Format.CSV, "xlsx": Format.XLSX}


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    """What `bench bulk` saw. The limit is one plain UPDATE of the tags of all rows, in one transaction."""

    leads: int
    limit_seconds: float
    seconds: dict[str, float]
    """By act or kind of file, from the first step to the last, one after the other."""
    rates: dict[str, float]
    ratios: dict[str, float]
    """Times as long as the limit."""
    worst_ratio: float
    export_growth_mb: float
    """How much more memory the exports needed than all before them."""


async def bench_bulk(*, rows: int) -> BulkResult:
    """Fill a scratch installation with leads and act on all of them, step by step as the job does.

    Raises:
        BenchFailed: an act did not reach every lead.
    """
    async with room() as here:
        say(f"Making {rows:,} leads")
        await _fill(here, rows)
        limit = await time_plain_update(here.url, table="leads", column="tags", value=["plain"])
        seconds: dict[str, float] = {}
        growth = 0.0
        for name, values in ACTS.items():
            if name == "delete":  # Nobody is left to export after it.
                before = _peak_mb()
                seconds |= await _exports(here, rows)
                growth = _peak_mb() - before
            say(f"{name}, {rows:,} leads")
            wanted = await _members(here) if name == "members" else EVERYBODY
            seconds[name] = await _act(here, rows, values, wanted)
    return BulkResult(
        leads=rows,
        limit_seconds=round(limit, 2),
        seconds={name: round(taken, 2) for name, taken in seconds.items()},
        rates={name: round(rows / taken) for name, taken in seconds.items()},
        ratios={name: round(taken / limit, 2) for name, taken in seconds.items()},
        worst_ratio=round(max(seconds.values()) / limit, 2),
        export_growth_mb=round(growth, 1),
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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


async def _exports(here: Room, rows: int) -> dict[str, float]:
    """Write all leads into files of each kind that holds them."""
    db, workspace_id, taken = here.services.db, here.workspace_id, {}
    for name, form in EXPORTS.items():
        if form is Format.XLSX and rows > XLSX_LEADS:
            continue
        say(f"{name}, {rows:,} leads")
        async with db.trusted() as tx:
            export = await exports.start(tx, workspace_id=workspace_id, format=form)
        started = time.monotonic()
        await running.write(db, here.services.storage, workspace_id=workspace_id, export_id=export.id)
        taken[name] = time.monotonic() - started
        async with db.trusted() as tx:
            done = await exports.get(tx, workspace_id=workspace_id, export_id=export.id)
        if done.written != rows:
            raise BenchFailed(detail=f"{name} has {done.written} of {rows} leads")
    return taken


async def _members(here: Room) -> Wanted:
    """A segment that every lead is in, by conditions that have to be asked of each."""
    async with here.services.db.trusted() as tx:
        made = await segments.create(tx, workspace_id=here.workspace_id, name="Bench", tree=TREE)
        return await segments.within(tx, workspace_id=here.workspace_id, segment_id=made.id, wanted=EVERYBODY)


async def _act(here: Room, rows: int, values: dict[str, Any], wanted: Wanted) -> float:
    db, workspace_id = here.services.db, here.workspace_id
    async with db.trusted() as tx:
        act = await leads.start_bulk(tx, workspace_id=workspace_id, wanted=wanted, expected=rows, **values)
    members = wanted.members.condition if wanted.members else None
    started = time.monotonic()
    await leads.go_on(db, workspace_id=workspace_id, act_id=act.id, members=members)
    taken = time.monotonic() - started
    async with db.trusted() as tx:
        done = await leads.bulk_act(tx, workspace_id=workspace_id, act_id=act.id)
    if done.done != rows or done.changed != rows:
        raise BenchFailed(detail=f"{done.act} changed {done.changed} of {rows} leads")
    return taken
