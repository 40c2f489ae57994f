"""Trials of many at once: schedulers that launch the same, and a few messages behind very many. 6 and 11."""

import asyncio
import time
from collections import Counter
from datetime import timedelta

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import add_leads, draft, finished
from mailgenius.cli.soak.house import House, Peer, SoakStuck
from mailgenius.cli.soak.orders import Order, connect, new_workspace, people, send
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.intake import service as intake
from mailgenius.kit import clock
from mailgenius.processes.roles import Child
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.messages import service as messages
from mailgenius.product.messages.model import Make, MessageInput, Words

SCHEDULERS = 4
LAUNCH_IN_S = 8
STUCK_S = 600.0
CONNECTIONS = 8
WAITING = 100
BETWEEN_S = 0.1
MOST_WAIT_S = 5.0
_CODE = Words(subject="Your code", text="It is {{ data.code }}.")
MOMENT = timedelta(seconds=LAUNCH_IN_S)


async def launch_from_four(house: House) -> Verdict:
    """Trial 6. Each campaign has a peer of its own, and four orders to launch it at the same moment."""
    number, each = house.scaled(50, least=4), house.scaled(2000, least=200)
    workspace_id = await new_workspace(house)
    emails = people(each)
    await add_leads(house, workspace_id, emails)
    behaviours = [Behaviour(name=f"campaign {place}") for place in range(number)]
    async with (
        house.peer(*behaviours) as peer,
        house.working(Child.ENGINE, 2),
        house.working(Child.JOBS, SCHEDULERS),
    ):
        ids = [await _schedule(house, workspace_id, peer, behaviour.name) for behaviour in behaviours]
        await finished(house, workspace_id, ids)
    arrivals = peer.record.taken()
    wanted = {(name, email) for name in peer.ports for email in emails}
    got = Counter((note.listener, note.recipient) for note in arrivals)
    twice = sum(times - 1 for times in got.values())
    return Verdict(
        figure=f"{number} campaigns to {each:,} each by {SCHEDULERS} schedulers: {number} finished, "
        f"{len(wanted - got.keys())} missing, {len(got.keys() - wanted)} strangers, twice {twice}",
        passed=got.keys() == wanted and not twice,
    )


async def _schedule(house: House, workspace_id: int, peer: Peer, name: str) -> int:
    """Draft a campaign to everybody, schedule it, and have it launched three more times just then."""
    connection_id = await connect(house, workspace_id, peer.ports[name], smtp_connections=1)
    async with house.services.db.trusted() as tx:
        campaign = await draft(
            tx,
            workspace_id=workspace_id,
            name=name,
            connection_id=connection_id,
            scheduled_at=clock.now() + MOMENT,
        )
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        if launched.scheduled_at is None:
            raise SoakStuck(detail="a campaign was not scheduled")
        for _ in range(SCHEDULERS - 1):
            await tx.enqueue(
                "campaigns.launch_scheduled",
                at=launched.scheduled_at,
                workspace_id=workspace_id,
                campaign_id=campaign.id,
                scheduled_at=launched.scheduled_at.isoformat(),
            )
    return campaign.id


async def wait_behind_many(house: House) -> Verdict:
    """Trial 11. The few leave through a connection of their own, and again through one that is kept busy."""
    number, few = house.scaled(1_000_000, least=20_000), max(20, house.scaled(WAITING, least=20))
    busy, other = await new_workspace(house), await new_workspace(house)
    behaviours = (Behaviour(name="slow", pause_s=0.02), Behaviour(name="quick"))
    async with house.peer(*behaviours) as peer, house.working(Child.ENGINE, 2):
        accounts = [await connect(house, busy, peer.ports["slow"]) for _ in range(CONNECTIONS)]
        everybody = people(number)
        share = -(-number // CONNECTIONS)
        many = [
            await send(house, busy, account, everybody[place * share : (place + 1) * share])
            for place, account in enumerate(accounts)
        ]
        await house.until(lambda: peer.record.arrived() > 0, within=STUCK_S, what="the first arrival")
        own = await connect(house, other, peer.ports["quick"])
        apart = await _waits(house, peer, other, own, few)
        beside = await _waits(house, peer, busy, accounts[0], few)
        for order in many:
            await _hold(order)
    return Verdict(
        figure=f"{number:,} queued by one workspace; {few} of another waited {_percentile(apart, 50):.2f} s, "
        f"99 % of them at most {_percentile(apart, 99):.2f} s; as many through a busy connection at most "
        f"{_percentile(beside, 99):.2f} s",
        passed=max(_percentile(apart, 99), _percentile(beside, 99)) <= MOST_WAIT_S,
    )


async def _waits(house: House, peer: Peer, workspace_id: int, connection_id: int, number: int) -> list[float]:
    """Send messages that somebody waits for, as the API does, and return how long each took, in order."""
    make = Make(words=_CODE, sender_email="codes@soak.example", connection_id=connection_id)
    asked: dict[str, float] = {}
    for recipient in people(number, prefix="code"):
        async with house.services.db.trusted() as tx:
            await messages.send(
                tx,
                workspace_id=workspace_id,
                message=MessageInput(make=make, to=recipient, data={"code": "481516"}),
            )
        asked[recipient] = time.time()
        await asyncio.sleep(BETWEEN_S)
    arrived: dict[str, float] = {}

    def all_there() -> bool:
        arrived.update({note.recipient: note.at for note in peer.record.taken() if note.recipient in asked})
        return len(arrived) == number

    await house.until(all_there, within=STUCK_S, what="the arrival of those that somebody waits for")
    return sorted(arrived[recipient] - moment for recipient, moment in asked.items())


def _percentile(waits: list[float], percent: int) -> float:
    return waits[min(len(waits) - 1, len(waits) * percent // 100)]


async def _hold(order: Order) -> None:
    """Keep what is left of an order from the trials that follow."""
    async with order.house.services.db.trusted() as tx:
        await intake.hold(tx, workspace_id=order.workspace_id, order_id=order.id)
