"""Whether limits are kept and used: what one sink received from 1, 2 and 4 engines, in any window of time.

`python bench/pacing.py [--seconds 20] [--engines 1,2,4]` sends to a sink of its own through a connection with
a limit a second, a third of it to a group of mailboxes with a smaller limit, and then a campaign with a speed
of its own. It prints for each limit the most messages that any window of its length held, and how much of the
limit was used while work waited. The last line is JSON; the exit code is 1 when a limit was passed.
"""

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mailgenius.engine.connections.model import Limits
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import OrderContent
from mailgenius.engine.pacing import service as pacing
from mailgenius.engine.pacing.model import Limit, Rate, Scope
from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.ops.bench_place import connect, database_of, open_order, scratch_installation, start_engine
from mailgenius.ops.bench_sink import Sink, running_sink, stop
from mailgenius.product.workspaces import service as workspaces

PER_SECOND = 200
GMAIL_PER_SECOND = 30
ORDER_PER_MINUTE = 600
WARM_UP_S = 3.0
"""The first seconds are left out of the use: engines start one after the other."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One limit as it was kept by so many engines."""

    engines: int
    limit: str
    allowed: int
    most: int
    used: float

    @property
    def kept(self) -> bool:
        return self.most <= self.allowed


def most_within(moments: Sequence[float], period: float) -> int:
    """Return the most moments that any stretch of so many seconds holds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - period:
            first += 1
        most = max(most, last - first + 1)
    return most


def used(moments: Sequence[float], per_second: float) -> float:
    """Return which share of a limit was used, from the end of the warm-up to the last message."""
    later = [moment for moment in moments if moment >= moments[0] + WARM_UP_S]
    return (len(later) - 1) / (later[-1] - later[0]) / per_second if len(later) > 1 else 0.0


def judge(record: Sequence[str], *, engines: int) -> list[Line]:
    rows = [line.split("\t") for line in record]
    taken = sorted((float(row[2]), row[1]) for row in rows)
    plain = [at for at, address in taken if address.startswith("p")]
    gmail = [at for at, address in taken if address.startswith("p") and address.endswith("@gmail.com")]
    order = [at for at, address in taken if address.startswith("o")]
    found = (
        (f"connection, {PER_SECOND} a second", plain, 1.0, PER_SECOND),
        (f"Gmail, {GMAIL_PER_SECOND} a second", gmail, 1.0, GMAIL_PER_SECOND),
        (f"campaign, {ORDER_PER_MINUTE} a minute", order, 60.0, ORDER_PER_MINUTE),
    )
    return [
        Line(
            engines=engines,
            limit=name,
            allowed=allowed,
            most=most_within(moments, period),
            used=round(used(moments, allowed / period), 4),
        )
        for name, moments, period, allowed in found
        if moments
    ]


async def prepare(settings: Settings, sink: Sink, *, seconds: float) -> None:
    """Write orders that keep every limit busy for longer than we look."""
    messages = int(seconds * PER_SECOND * 2)
    async with database_of(settings) as db, db.trusted() as tx:
        workspace_id = (await workspaces.create_workspace(tx, name="Bench")).id
        await pacing.set_limits(
            tx,
            workspace_id=workspace_id,
            limits=[Limit(scope=Scope.GROUP, key="gmail", rate=Rate(per_second=GMAIL_PER_SECOND))],
        )
        for name, limits, speed in (
            ("p", Limits(per_second=PER_SECOND), None),
            ("o", Limits(), ORDER_PER_MINUTE),
        ):
            connection_id = await connect(
                tx,
                workspace_id=workspace_id,
                name=name,
                settings=sink.connection_settings(),
                limits=limits,
                keys=Keys(settings.secret_key),
            )
            order_id = await open_order(
                tx,
                workspace_id=workspace_id,
                connection_id=connection_id,
                content=CONTENT,
                per_minute=speed,
            )
            domains = ("gmail.com", "example.com", "example.org") if name == "p" else ("example.com",)
            people = [(None, f"{name}{n}@{domains[n % len(domains)]}") for n in range(messages)]
            await intake.accept(tx, workspace_id=workspace_id, order_id=order_id, recipients=people)
            await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)


async def run(*, engines: int, seconds: float) -> list[Line]:
    with scratch_installation(None) as settings:
        async with running_sink(settings.home, "--timed") as sink:
            await prepare(settings, sink, seconds=seconds)
            ready = asyncio.Barrier(engines)
            async with asyncio.TaskGroup() as group:
                for number in range(engines):
                    log = settings.home / f"engine{number}.log"
                    group.create_task(engine(log, settings, ready, seconds))
        return judge(sink.recorded(), engines=engines)


async def engine(log: Path, settings: Settings, ready: asyncio.Barrier, seconds: float) -> None:
    """Run an engine for so long, counted from when all of them are up."""
    with log.open("w") as output:
        process = await start_engine(settings, output)
    try:
        async with asyncio.timeout(120):
            # Another process writes it: there is nothing to wait for but the text.
            while "engine started" not in log.read_text():  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0.1)
            await ready.wait()
        await asyncio.sleep(WARM_UP_S + seconds)
    finally:
        await stop(process)


CONTENT = OrderContent(
    sender_email="news@sender.example",
    sender_name="News",
    reply_to="",
    subject="Hello",
    preheader="",
    html="<p>Hello</p>",
    text="",
    campaign_name="Pacing",
)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--engines", default="1,2,4")
    given = parser.parse_args()
    found: list[Line] = []
    print(f"{'engines':>7}  {'limit':28}  {'most in a window':>16}  {'used':>6}")
    for engines in (int(number) for number in given.engines.split(",")):
        for line in asyncio.run(run(engines=engines, seconds=given.seconds)):
            found.append(line)
            print(f"{engines:>7}  {line.limit:28}  {line.most:>16}  {line.used:>6.1%}", flush=True)
    print(json.dumps([asdict(line) for line in found]))
    sys.exit(0 if all(line.kept for line in found) else 1)


if __name__ == "__main__":
    main()
