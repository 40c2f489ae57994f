"""How long segments take: estimate, exact count, a page of members, and choosing a campaign's recipients.

    python bench/segments.py --leads 200000

It makes a throw-away installation with one large workspace beside nine of a hundredth of its size, fills them
with leads, and the large one with a campaign that reached half of it and was opened by a tenth. Recipients
are read chunk by chunk, as a freeze reads them, and not written: `bench/launch.py` measures that.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import uvloop

from mailgenius.channels.contract import Channel
from mailgenius.cli.bench.rooms import bench_settings
from mailgenius.kit import clock
from mailgenius.kit.services import Services
from mailgenius.processes.services import open_services
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience, FieldType, SegmentFilter
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces import service as workspaces

CHUNK = 10_000
SMALL = 9
LEADS = """
INSERT INTO leads (workspace_id, email, name, status, tags, fields, created_at)
SELECT %(workspace_id)s, 'lead.' || n || '@example.com', 'Ana Souza ' || n,
       CASE WHEN n %% 50 = 0 THEN 'unsubscribed' ELSE 'active' END::lead_status,
       CASE WHEN n %% 10000 = 0 THEN '{rare}' WHEN n %% 3 = 0 THEN '{vip,news}' ELSE '{news}' END::text[],
       jsonb_build_object('plan', (ARRAY['free', 'pro', 'gold'])[1 + n %% 3], 'age', n %% 90,
                          'born', to_char(date '1950-01-01' + (n %% 20000)::int, 'YYYY-MM-DD')),
       now() - make_interval(days => (n %% 700)::int)
  FROM generate_series(%(low)s::bigint, %(high)s::bigint) n
"""
SENT = """
WITH link AS (
    INSERT INTO connections (workspace_id, name, channel, provider)
    VALUES (%(workspace_id)s, 'c', 'email', 'sandbox') RETURNING id
), work AS (
    INSERT INTO orders (workspace_id, source, source_id, channel, priority, connection_id, content)
    SELECT %(workspace_id)s, 'campaign', 1, 'email', 10, id, '{"campaign_name": "May"}' FROM link RETURNING id
), sent AS (
    INSERT INTO messages (workspace_id, order_id, batch_id, lead_id, address, state)
    SELECT l.workspace_id, work.id, 0, l.id, l.email, 'accepted' FROM leads l, work
     WHERE l.workspace_id = %(workspace_id)s AND l.id %% 2 = 0 RETURNING id, order_id, lead_id
)
INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, event_key, at)
SELECT %(workspace_id)s, id, order_id, lead_id, 'open', int8send(id), now() FROM sent WHERE lead_id %% 10 = 0
"""
TREES: dict[str, dict[str, Any]] = {
    "plan is pro (a third)": {"on": "field", "key": "plan", "op": "is", "value": "pro"},
    "rare tag (0.01 %)": {"on": "tag", "op": "any", "value": ["rare"]},
    "unsubscribed (2 %)": {"on": "status", "op": "in", "value": ["unsubscribed"]},
    "age 30 to 40": {"on": "field", "key": "age", "op": "between", "value": [30, 40]},
    "birthday this week": {"on": "field", "key": "born", "op": "anniversary", "value": 7},
    "e-mail contains 777": {"on": "lead", "key": "email", "op": "contains", "value": "777"},
    "random tenth": {"on": "share", "percent": 10, "salt": "a"},
    "opened in 30 days": {"on": "behaviour", "op": "did", "act": "opened", "days": 30},
    "never sent anything": {"on": "behaviour", "op": "did_not", "act": "sent"},
    "sent, not opened": {
        "all": [
            {"on": "behaviour", "op": "did", "act": "sent", "campaign": "1"},
            {"on": "behaviour", "op": "did_not", "act": "opened", "campaign": "1"},
        ]
    },
}


async def main(count: int) -> None:
    with bench_settings() as settings:
        async with open_services(settings) as services:
            workspace_id = await _fill(services, count)
            print(
                f"{'segment':<24}{'members':>10}{'estimate':>12}{'ms':>8}"
                f"{'count s':>9}{'page ms':>9}{'freeze s':>10}"
            )
            for name, condition in TREES.items():
                await _measure(services, workspace_id, name, {"all": [condition]})


async def _fill(services: Services, count: int) -> int:
    ids = []
    async with services.db.trusted() as tx:
        for number in range(SMALL + 1):
            made = await workspaces.create_workspace(tx, name=f"Bench {number}")
            ids.append(made.id)
            for label, kind in (
                ("Plan", FieldType.TEXT),
                ("Age", FieldType.NUMBER),
                ("Born", FieldType.DATE),
            ):
                await leads.create_field(tx, workspace_id=made.id, label=label, type=kind)
    started = time.perf_counter()
    with psycopg.connect(services.settings.database_url, autocommit=True) as connection:
        for workspace_id in ids:
            size = count if workspace_id == ids[0] else count // 100
            for low in range(1, size + 1, 500_000):
                bounds = {"low": low, "high": min(size, low + 499_999)}
                connection.execute(LEADS, {"workspace_id": workspace_id, **bounds})
        connection.execute(SENT, {"workspace_id": ids[0]})
        connection.execute("VACUUM ANALYZE leads, messages, tracking_events, orders")
        connection.execute("CHECKPOINT")
    print(f"filled with {count} leads in {time.perf_counter() - started:.0f} s")
    return ids[0]


async def _measure(services: Services, workspace_id: int, name: str, tree: dict[str, Any]) -> None:
    async with services.db.tenant(workspace_id) as tx:
        made = await segments.create(tx, workspace_id=workspace_id, name=name, tree=tree)

    async def estimate() -> Any:
        async with services.db.trusted() as tx:
            return await segments.estimate(tx, workspace_id=workspace_id, tree=tree)

    async def count() -> Any:
        async with services.db.trusted() as tx:
            return await segments.count(tx, workspace_id=workspace_id, segment_id=made.id)

    async def page() -> Any:
        async with services.db.trusted() as tx:
            return await segments.members(tx, workspace_id=workspace_id, segment_id=made.id)

    found, estimate_s = await _timed(estimate)
    members, count_s = await _timed(count)
    _page, page_s = await _timed(page)
    _chosen, freeze_s = await _timed(lambda: _freeze(services, workspace_id, made.id))
    about = f"{'' if found.exact else '~'}{found.members}"
    print(
        f"{name:<24}{members:>10}{about:>12}{estimate_s * 1000:>8.0f}{count_s:>9.2f}{page_s * 1000:>9.0f}"
        f"{freeze_s:>10.2f}"
    )


async def _freeze(services: Services, workspace_id: int, segment_id: int) -> int:
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


async def _timed(work: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = await work()
    return result, time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=200_000, help="leads of the large workspace")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parser.parse_args().leads))
