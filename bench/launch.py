"""How fast a launch writes its audience down, beside one plain INSERT … SELECT of the same rows.

    python bench/launch.py --leads 1000000

It makes a throw-away installation, fills it with leads, launches a campaign to everyone through the real
service and runs the real freeze in this process. The limit is one statement that inserts the same recipients
into a table with the columns, indexes and partitioning of `messages`, in the same database. With --send the
engine and the jobs run as processes, and the time from the call to the first message at an SMTP sink is told.
"""

import argparse
import asyncio
import json
import time

import psycopg
import uvloop

from mailgenius.cli.bench.rooms import Room, room
from mailgenius.kit.db.transaction import Tx
from mailgenius.ops.bench_place import connect
from mailgenius.ops.bench_sink import Sink, running_sink
from mailgenius.processes.roles import Role
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.jobs import write_audience_down
from mailgenius.product.campaigns.model import CampaignInput
from mailgenius.product.leads.model import Audience
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter

LEADS = """
INSERT INTO leads (workspace_id, email, name, fields)
SELECT %(workspace_id)s, 'ana.' || n || '@example.com', 'Ana Souza ' || n, '{"city": "São Paulo"}'
  FROM generate_series(1, %(leads)s) n
"""
TWIN = """
CREATE TABLE twin (LIKE messages INCLUDING ALL) PARTITION BY RANGE (id);
CREATE TABLE twin_all (LIKE messages INCLUDING DEFAULTS) WITH (fillfactor = 50);
ALTER TABLE twin ATTACH PARTITION twin_all FOR VALUES FROM (0) TO (9223372036854775807)
"""
PLAIN = """
INSERT INTO twin (workspace_id, order_id, batch_id, lead_id, address)
SELECT workspace_id, 1, 1 + id / 1000, id, email
  FROM leads
 WHERE workspace_id = %(workspace_id)s AND status = 'active' AND email IS NOT NULL
 ORDER BY id
"""


async def main(leads: int, *, send: bool) -> None:
    roles = (Role.ENGINE, Role.JOBS) if send else ()
    # Without sending the freeze is ours alone to run.
    async with room(*roles) as here, running_sink(here.services.settings.home) as sink:
        with psycopg.connect(here.url, autocommit=True) as connection:
            connection.execute(LEADS, {"workspace_id": here.workspace_id, "leads": leads})
            connection.execute("VACUUM ANALYZE leads")
            connection.execute("CHECKPOINT")
        campaign_id = await _draft(here, sink)
        result: dict[str, float] = {"leads": leads}
        if send:
            result["first_message_s"] = await _first_message(here, sink, campaign_id)
        else:
            result["freeze_s"] = await _freeze(here, campaign_id)
            result["limit_s"] = _plain(here, leads)
            result["ratio"] = result["freeze_s"] / result["limit_s"]
    print(json.dumps({key: round(value, 3) for key, value in result.items()}))


async def _first_message(here: Room, sink: Sink, campaign_id: int) -> float:
    started = time.perf_counter()
    await _launch(here, campaign_id)
    while not sink.take():  # noqa: ASYNC110  # The sink is another process, which writes a file.
        await asyncio.sleep(0.005)
    return time.perf_counter() - started


async def _freeze(here: Room, campaign_id: int) -> float:
    await _launch(here, campaign_id)
    started = time.perf_counter()
    await write_audience_down(here.services.db, workspace_id=here.workspace_id, campaign_id=campaign_id)
    return time.perf_counter() - started


def _plain(here: Room, leads: int) -> float:
    with psycopg.connect(here.url, autocommit=True) as connection:
        connection.execute(TWIN)
        connection.execute("CHECKPOINT")
        started = time.perf_counter()
        written = connection.execute(PLAIN, {"workspace_id": here.workspace_id}).rowcount
        seconds = time.perf_counter() - started
    if written != leads:
        raise SystemExit(f"the plain statement wrote {written} of {leads} rows")
    return seconds


async def _launch(here: Room, campaign_id: int) -> None:
    async with here.services.db.trusted() as tx:
        await campaigns.launch(tx, workspace_id=here.workspace_id, campaign_id=campaign_id)


async def _draft(here: Room, sink: Sink) -> int:
    async with here.services.db.trusted() as tx:
        draft = CampaignInput(
            name="Launch",
            template_id=await _template(tx, here),
            connection_id=await connect(
                tx,
                workspace_id=here.workspace_id,
                settings=sink.connection_settings(),
                keys=here.services.keys,
            ),
            sender_email="bench@example.com",
            sender_name="Bench",
            audience=Audience(all=True),
        )
        return (await campaigns.create(tx, workspace_id=here.workspace_id, campaign=draft)).id


async def _template(tx: Tx, here: Room) -> int:
    start = starter("newsletter", locale="pt_BR", name="Launch")
    return (await templates.create(tx, workspace_id=here.workspace_id, template=start)).id


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--send", action="store_true", help="run engine and jobs, and time the first message")
    given = parser.parse_args()
    uvloop.run(main(given.leads, send=given.send))
