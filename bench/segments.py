"""How long segments take in a house of many leads: estimate, exact count, sample, and choosing recipients.

    python bench/segments.py --leads 10000000 --folder /var/tmp/leads10m --freeze

The house is the one of `mailgenius bench leads`: built in the folder when there is none, else used. What the
conditions ask for beside the leads (consents, imports, a campaign with its opens) is added to it once. Each
estimate is asked for several times; how it read the leads is told. `choose` reads the recipients chunk by
chunk, as a freeze does; with --freeze a campaign to some segments is launched and written down as well, and
deleted again.
"""

import argparse
import asyncio
import math
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import uvloop

from mailgenius.channels.contract import Channel
from mailgenius.kit import clock
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.services import Services
from mailgenius.ops.bench_leads import RecordingTx, scans_of
from mailgenius.ops.bench_leads_house import House, build, kept_house, read_note
from mailgenius.ops.bench_place import connect
from mailgenius.processes.services import open_services
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.jobs import write_audience_down
from mailgenius.product.campaigns.model import CampaignInput
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, SegmentFilter
from mailgenius.product.segments import service as segments
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter

CHUNK = 10_000
TIMES = 7
"""How often each estimate is asked for."""
FIRST, SECOND = 900_001, 900_002
"""Campaigns that were sent to a tenth and to a fiftieth of the leads."""
LIFE = (
    """INSERT INTO consent_states (workspace_id, lead_id, channel, act, basis, way, source, text_version, at)
       SELECT workspace_id, id, 'email',
              (CASE WHEN id %% 100 = 0 THEN 'withdrawn' ELSE 'given' END)::consent_act,
              (CASE WHEN id %% 70 = 0 THEN 'contract' ELSE 'consent' END)::legal_basis, 'page', 'Fair', '',
              now()
         FROM leads WHERE workspace_id = %(workspace_id)s AND id %% 10 = 0""",
    """INSERT INTO lead_activity (workspace_id, lead_id, kind, detail)
       SELECT workspace_id, id, 'imported', '{"import_id": "1"}'
         FROM leads WHERE workspace_id = %(workspace_id)s AND id %% 20 = 0""",
    """INSERT INTO orders (workspace_id, source, source_id, channel, priority, connection_id, content,
                           created_at)
       SELECT %(workspace_id)s, 'campaign', campaign, 'email', 10, 0, '{"campaign_name": "May"}',
              now() - interval '1 hour'
         FROM unnest(%(campaigns)s::bigint[]) campaign""",
    """INSERT INTO messages (workspace_id, order_id, batch_id, lead_id, address, state)
       SELECT l.workspace_id, o.id, 0, l.id, 'lead@example.com', 'delivered'
         FROM orders o JOIN leads l ON l.workspace_id = o.workspace_id
                                   AND l.id %% CASE o.source_id WHEN %(first)s THEN 10 ELSE 50 END = 1
        WHERE o.workspace_id = %(workspace_id)s AND o.source_id = ANY (%(campaigns)s)""",
    """INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, event_key, at)
       SELECT m.workspace_id, m.id, m.order_id, m.lead_id, kind.kind, int8send(m.id) || kind.key, now()
         FROM orders o JOIN messages m ON m.workspace_id = o.workspace_id AND m.order_id = o.id
         JOIN (VALUES ('open'::tracking_kind, 50, '\\x01'::bytea), ('click', 500, '\\x02'))
              kind (kind, part, key) ON m.lead_id %% kind.part = 1
        WHERE o.workspace_id = %(workspace_id)s AND o.source_id = ANY (%(campaigns)s)""",
)
FORGET = (
    "DELETE FROM messages WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s",
    "DELETE FROM batches WHERE workspace_id = %(workspace_id)s AND order_id = %(order_id)s",
)
GOLD = {"on": "field", "key": "plan", "op": "is", "value": "gold"}
OPENED = {"on": "behaviour", "op": "did", "act": "opened"}
SENT = {"on": "behaviour", "op": "did", "act": "sent", "campaign": str(FIRST)}
MILLION = "a million by two fields"
TREES: dict[str, list[dict[str, Any]]] = {
    "text is, rare": [{"on": "field", "key": "city", "op": "is", "value": "Quixeramobim"}],
    "text contains": [{"on": "field", "key": "city", "op": "contains", "value": "ade 77"}],
    "choice is": [GOLD],
    "number between": [{"on": "field", "key": "age", "op": "between", "value": [30, 40]}],
    "yes or no": [{"on": "field", "key": "customer", "op": "is", "value": True}],
    "field is empty": [{"on": "field", "key": "city", "op": "is_empty"}],
    "e-mail is": [{"on": "lead", "key": "email", "op": "is", "value": "nobody@example.com"}],
    "name contains": [{"on": "lead", "key": "name", "op": "contains", "value": "intanilh"}],
    "date before a day": [{"on": "field", "key": "birthday", "op": "before", "value": "1950-01-01"}],
    "date in the last days": [{"on": "lead", "key": "created_at", "op": "in_last", "value": 30}],
    "date long ago": [{"on": "lead", "key": "updated_at", "op": "before_last", "value": 700}],
    "anniversary": [{"on": "field", "key": "birthday", "op": "anniversary", "value": 7}],
    "month": [{"on": "field", "key": "birthday", "op": "month", "value": 5}],
    "tag, rare": [{"on": "tag", "op": "any", "value": ["beta"]}],
    "tag, common": [{"on": "tag", "op": "any", "value": ["newsletter"]}],
    "no tag": [{"on": "tag", "op": "none", "value": ["newsletter", "buyer"]}],
    "status": [{"on": "status", "op": "in", "value": ["unsubscribed"]}],
    "consent given": [{"on": "consent", "op": "given", "channel": "email"}],
    "consent withdrawn": [{"on": "consent", "op": "withdrawn", "channel": "email"}],
    "contract": [{"on": "consent", "op": "given", "basis": "contract"}],
    "was sent a campaign": [SENT],
    "never sent anything": [{"on": "behaviour", "op": "did_not", "act": "sent"}],
    "opened in 30 days": [OPENED | {"days": 30}],
    "opened twice in 30 days": [OPENED | {"days": 30, "times": 2}],
    "sent, not opened": [SENT, OPENED | {"op": "did_not", "campaign": str(FIRST)}],
    "clicked": [{"on": "behaviour", "op": "did", "act": "clicked", "campaign": str(FIRST)}],
    "came with an import": [{"on": "import", "op": "in", "value": ["1"]}],
    "random tenth": [{"on": "share", "percent": 10, "salt": "a"}],
    MILLION: [GOLD, {"on": "field", "key": "age", "op": "less", "value": 52}],
    "many at once": [
        GOLD,
        {"on": "status", "op": "not_in", "value": ["bounced"]},
        {"any": [{"on": "tag", "op": "any", "value": ["vip"]}, OPENED | {"days": 30}]},
        {"none": [{"on": "field", "key": "birthday", "op": "month", "value": 5}]},
    ],
}  # fmt: skip
FROZEN = (MILLION, "was sent a campaign", "random tenth")


async def main(count: int, folder: Path, only: Sequence[str], *, freeze: bool, quick: bool) -> None:
    with kept_house(folder, rows=count, tell=print) as (settings, note):
        house = read_note(note) if note.exists() else await build(settings, note, rows=count, tell=print)
        _live(EmbeddedPostgres(settings.home).url, house)
        async with open_services(settings) as services:
            print(
                f"{'segment':<26}{'members':>11}{'estimate':>12}{'p50 ms':>9}{'worst':>8}"
                f"{'count s':>9}{'sample ms':>11}{'choose s':>10}  the estimate reads"
            )
            chosen = {name: nodes for name, nodes in TREES.items() if not only or name in only}
            for name, nodes in chosen.items():
                await _measure(services, house.workspace_id, name, {"all": nodes}, quick=quick)
            if freeze:
                for name in (each for each in FROZEN if each in chosen):
                    await _freeze(services, house.workspace_id, name, {"all": TREES[name]})


def _live(url: str, house: House) -> None:
    """Give the leads consents, an import and a campaign, once."""
    values = {"workspace_id": house.workspace_id, "first": FIRST, "campaigns": [FIRST, SECOND]}
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(
            "SELECT FROM orders WHERE workspace_id = %(workspace_id)s AND source_id = ANY (%(campaigns)s)",
            values,
        ).fetchone()
        if done is not None:
            return
        print("Giving them consents, an import and a campaign")
        with connection.transaction():
            for statement in LIFE:
                connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE consent_states, lead_activity, orders, messages, tracking_events")


async def _measure(
    services: Services, workspace_id: int, name: str, tree: dict[str, Any], *, quick: bool
) -> None:
    async with services.db.tenant(workspace_id) as tx:
        made = await segments.create(tx, workspace_id=workspace_id, name=f"{name} {clock.now()}", tree=tree)
    spent = []
    async with services.db.trusted() as tx:
        recording = RecordingTx(tx)
        await segments.estimate(recording, workspace_id=workspace_id, tree=tree)  # Also warms it up.
        reads = [scan for scan in await scans_of(tx, recording.asked) if scan.endswith(("leads", "_idx"))]
        for _ in range(TIMES):
            found, seconds = await _timed(lambda: segments.estimate(tx, workspace_id=workspace_id, tree=tree))
            spent.append(seconds * 1000)
        members, count_s = (
            (None, math.nan)
            if quick
            else await _timed(lambda: segments.count(tx, workspace_id=workspace_id, segment_id=made.id))
        )
        page = [
            (await _timed(lambda: segments.members(tx, workspace_id=workspace_id, segment_id=made.id)))[1]
            * 1000
            for _ in range(TIMES)
        ]
    choose_s = math.nan if quick else (await _timed(lambda: _choose(services, workspace_id, made.id)))[1]
    about = f"{'' if found.exact else '~'}{found.members}"
    print(
        f"{name:<26}{members or '-':>11}{about:>12}{median(spent):>9.0f}{max(spent):>8.0f}{count_s:>9.1f}"
        f"{median(page):>11.0f}{choose_s:>10.1f}  {', '.join(reads)}",
        flush=True,
    )
    async with services.db.tenant(workspace_id) as tx:
        await segments.archive(tx, workspace_id=workspace_id, segment_id=made.id)


async def _choose(services: Services, workspace_id: int, segment_id: int) -> int:
    """Read the recipients as a freeze does, a transaction for each chunk."""
    audience = Audience(segments=SegmentFilter(any=(segment_id,)))
    now, after, chosen = clock.now(), 0, 0
    async with services.db.trusted() as tx:
        kept = await segments.snapshot(tx, workspace_id=workspace_id, segment_ids=[segment_id])
        until = await leads.max_lead_id(tx, workspace_id=workspace_id)
    while True:
        async with services.db.trusted() as tx:
            condition = await segments.audience_condition(
                tx, workspace_id=workspace_id, kept=kept, included=[segment_id], excluded=[], now=now
            )
            chunk = await leads.audience_chunk(
                tx,
                workspace_id=workspace_id,
                audience=audience,
                channel=Channel.EMAIL,
                condition=condition,
                after_id=after,
                until_id=until,
                limit=CHUNK,
            )
        chosen += len(chunk)
        if len(chunk) < CHUNK:
            return chosen
        after = chunk[-1][0]


async def _freeze(services: Services, workspace_id: int, name: str, tree: dict[str, Any]) -> None:
    """Launch a campaign to a segment, write its audience down, and forget it."""
    async with services.db.trusted() as tx:
        made = await segments.create(tx, workspace_id=workspace_id, name=f"{name} {clock.now()}", tree=tree)
        template = await templates.create(
            tx,
            workspace_id=workspace_id,
            template=starter("newsletter", locale="en", name=f"Bench {made.id}"),
        )
        draft = CampaignInput(
            name=f"Bench {made.id}",
            template_id=template.id,
            connection_id=await connect(
                tx,
                workspace_id=workspace_id,
                settings={"host": "127.0.0.1", "port": 2525},  # Nothing is sent: no engine runs.
                keys=services.keys,
                name=f"Bench {made.id}",
            ),
            sender_email="bench@example.com",
            sender_name="Bench",
            audience=Audience(segments=SegmentFilter(any=(made.id,))),
        )
        campaign_id = (await campaigns.create(tx, workspace_id=workspace_id, campaign=draft)).id
        await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    started = time.perf_counter()
    await write_audience_down(services.db, workspace_id=workspace_id, campaign_id=campaign_id)
    seconds = time.perf_counter() - started
    async with services.db.trusted() as tx:
        frozen = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        await campaigns.cancel(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    print(f"written down: {name:<26}{frozen.frozen_count:>11} messages in {seconds:.1f} s", flush=True)
    with psycopg.connect(EmbeddedPostgres(services.settings.home).url, autocommit=True) as connection:
        for statement in FORGET:
            connection.execute(statement, {"workspace_id": workspace_id, "order_id": frozen.order_id})
        connection.execute("VACUUM messages, batches")


async def _timed(work: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = await work()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=200_000, help="leads of the large workspace")
    parser.add_argument("--folder", type=Path, help="where the house is kept; without it, it is thrown away")
    parser.add_argument(
        "--only", action="append", default=[], choices=list(TREES), help="only this condition"
    )
    parser.add_argument("--quick", action="store_true", help="neither count nor choose all members")
    parser.add_argument("--freeze", action="store_true", help="also write campaigns to some of them down")
    given = parser.parse_args()
    with ExitStack() as stack, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        place = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runner.run(main(given.leads, place, given.only, freeze=given.freeze, quick=given.quick))
