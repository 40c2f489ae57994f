"""Trials of people who change their mind while a campaign is under way: 7 and 9."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import frozen, launch
from mailgenius.cli.soak.house import House, SoakStuck
from mailgenius.cli.soak.orders import SMTP_CONNECTIONS, Order, connect, new_workspace, people, send
from mailgenius.cli.soak.record import Record, tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.feedback import Feedback, FeedbackKind, Heard
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit import clock
from mailgenius.kit.ports import free_port
from mailgenius.processes.roles import Child
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.messages import service as messages

ENGINES = 2
STUCK_S = 300.0
GO_S, REST_S = 0.5, 0.2
LOOK_CLOSELY_EVERY = 10
GRACE_S = 2.0
"""How long after the answer to a pause messages may still leave."""
QUIET_S = 3.0
LEAVE_GRACE_S = 5.0
FEW = 10
"""An engine holds an order of which many bounce, when enough have left to tell. These are too few to tell."""


async def pause_and_resume(house: House) -> Verdict:
    """Trial 7. Every so often a pause is long enough to see that nothing leaves."""
    number, cycles = house.scaled(20_000, least=2000), house.scaled(100, least=2)
    looks = max(1, cycles // LOOK_CLOSELY_EVERY)
    busy_s = cycles * (GO_S + REST_S) + looks * QUIET_S + 5
    slow = Behaviour(name="slow", pause_s=ENGINES * SMTP_CONNECTIONS * 2 * busy_s / number)
    workspace_id = await new_workspace(house)
    late = 0
    async with house.peer(slow) as peer, house.working(Child.ENGINE, ENGINES), house.working(Child.JOBS, 1):
        connection_id = await connect(house, workspace_id, peer.ports["slow"])
        campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
        steer = partial(_steer, house, workspace_id, campaign_id)
        await frozen(house, workspace_id, campaign_id)
        await house.until(peer.record.arrived, within=STUCK_S, what="the first arrival")
        for cycle in range(1, cycles + 1):
            await asyncio.sleep(GO_S)
            held_at = await steer(campaigns.pause)
            await asyncio.sleep(REST_S)
            if cycle % LOOK_CLOSELY_EVERY == 0 or cycle == cycles:
                await asyncio.sleep(QUIET_S)
                late += _after(peer.record, held_at + GRACE_S)
            await steer(campaigns.resume)
        before = peer.record.arrived()
        await house.until(
            lambda: peer.record.arrived() > before, within=STUCK_S, what="an arrival after the resume"
        )
        await asyncio.sleep(2 * GO_S)
        cancelled_at = await steer(campaigns.cancel)
        await order.cancelled()
        await asyncio.sleep(QUIET_S)
        late += _after(peer.record, cancelled_at + GRACE_S)
    accepted = await order.in_state(MessageState.ACCEPTED)
    found = tally(peer.record.taken(), wanted=accepted)
    counts, books = await order.counts(), await order.books()
    ended = counts.keys() == {MessageState.ACCEPTED, MessageState.CANCELLED}
    return Verdict(
        figure=f"{number:,} recipients, {cycles} cycles: {found.arrived:,} arrived, "
        f"{counts.get(MessageState.CANCELLED, 0):,} cancelled, lost {found.lost}, twice {found.twice}; "
        f"left later than {GRACE_S:.0f} s after the answer: {late}",
        passed=found.clean and ended and not late and books.holds,
    )


async def leave_meanwhile(house: House) -> Verdict:
    """Trial 9. A third unsubscribes, a third bounces, a third complains.

    They unsubscribe through the public endpoint by links of an earlier message, bounce in another order, and
    complain of the earlier message, as a feedback loop tells it through the API's service.
    """
    leaving, others = people(house.scaled(1000, least=30)), people(house.scaled(20_000, least=1500))
    sending_s = max(40 * house.scale, 12.0)
    pause_s = ENGINES * SMTP_CONNECTIONS * sending_s / (len(leaving) + len(others))
    behaviours = (
        Behaviour(name="first"),
        Behaviour(name="slow", pause_s=pause_s),
        Behaviour(name="refusing", reject_percent=100, reject_words="550 5.1.1 No such user here"),
    )
    workspace_id = await new_workspace(house)
    port = free_port()
    async with (
        house.peer(*behaviours) as peer,
        house.working(Child.ENGINE, ENGINES),
        house.working(Child.JOBS, 1),
        house.working(Child.HTTP, 1, "--port", str(port)),
    ):
        accounts = {name: await connect(house, workspace_id, peer.ports[name]) for name in peer.ports}
        first = await send(house, workspace_id, accounts["first"], leaving)
        await first.drained()
        links = {note.recipient: note.more for note in peer.record.taken()}
        await _answering(port)
        everybody = [*others, *leaving]
        random.shuffle(everybody)
        campaign_id, order = await launch(house, workspace_id, accounts["slow"], everybody)
        await frozen(house, workspace_id, campaign_id)
        third = len(leaving) // 3
        left_at = await _complain(first, set(leaving[:third]))
        bouncing = [
            await send(
                house, workspace_id, accounts["refusing"], leaving[start : min(start + FEW, 2 * third)]
            )
            for start in range(third, 2 * third, FEW)
        ]
        left_at |= await _unsubscribe(port, {who: links[who] for who in leaving[2 * third :]})
        for each in bouncing:
            await each.drained()
        await order.drained()
    left_at |= {note.recipient: note.at for note in peer.record.of_kind("rejected")}
    arrivals = [note for note in peer.record.taken() if note.listener == "slow"]
    late = sum(note.at > left_at.get(note.recipient, note.at) + LEAVE_GRACE_S for note in arrivals)
    spared = await order.in_state(MessageState.SUPPRESSED)
    found = tally(arrivals, wanted=everybody, excused=spared)
    innocent = set(spared) - left_at.keys()
    return Verdict(
        figure=f"{len(left_at):,} of {len(everybody):,} left meanwhile: {len(spared):,} were spared, "
        f"{late} messages left later than {LEAVE_GRACE_S:.0f} s after; lost {found.lost}, "
        f"twice {found.twice}, withheld from others {len(innocent)}",
        passed=found.clean and not late and not innocent and bool(spared) and len(left_at) == len(leaving),
    )


async def _steer(
    house: House, workspace_id: int, campaign_id: int, button: Callable[..., Awaitable[object]]
) -> float:
    """Press a button of a campaign and return the moment of the answer."""
    async with house.services.db.trusted() as tx:
        await button(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    return time.time()


def _after(record: Record, moment: float) -> int:
    return sum(note.at > moment for note in record.taken())


async def _complain(order: Order, people_: set[str]) -> dict[str, float]:
    """Tell of complaints about the messages that these people got of an order."""
    async with order.house.services.db.trusted() as tx:
        rows = await intake.messages(
            tx, workspace_id=order.workspace_id, order_id=order.id, limit=len(order.recipients)
        )
        told = [
            Feedback(message_id=row.id, kind=FeedbackKind.COMPLAINT, at=clock.now())
            for row in rows
            if row.address in people_
        ]
        heard = await messages.report(tx, workspace_id=order.workspace_id, items=told)
    if any(each is not Heard.APPLIED for each in heard):
        raise SoakStuck(detail=f"complaints were answered {set(heard)}")
    return dict.fromkeys(people_, time.time())


async def _unsubscribe(port: int, links: dict[str, str]) -> dict[str, float]:
    """Post each link as a mail program does for its reader; return the moments of the answers."""
    left_at = {}
    async with aiohttp.ClientSession(base_url=f"http://127.0.0.1:{port}") as client:
        for who, link in links.items():
            path = urlsplit(link.strip("<>")).path
            async with client.post(path, data={"List-Unsubscribe": "One-Click"}) as answer:
                if not answer.ok:
                    raise SoakStuck(detail=f"unsubscribing was answered {answer.status}")
            left_at[who] = time.time()
    return left_at


async def _answering(port: int) -> None:
    """Wait until the public endpoints answer."""
    deadline = time.monotonic() + STUCK_S
    async with aiohttp.ClientSession() as client:
        while time.monotonic() < deadline:
            try:
                async with client.get(f"http://127.0.0.1:{port}/healthz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise SoakStuck(detail="the public endpoints do not answer")
