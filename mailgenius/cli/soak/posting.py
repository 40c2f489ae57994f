"""The trial of a provider by HTTP, which says when it has enough and hangs up after taking: 13."""

import asyncio
import random
from dataclasses import dataclass

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import finished, launch
from mailgenius.cli.soak.house import House, Peer
from mailgenius.cli.soak.orders import Order, new_workspace, people
from mailgenius.cli.soak.record import tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.dispatch.senders import LONGEST_WINDOW
from mailgenius.engine.ledger.model import MessageState
from mailgenius.ops import bench_place
from mailgenius.processes.roles import Child

ENGINES = 2
REQUESTS = 8
STUCK_S = 300.0
WAIT_S = 15
GRACE_S = 2.0
"""What is on the wire when the provider says 429 still arrives; the other engine hears of it soon."""
SENDING_S = 60.0


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """A campaign through one of the provider's accounts."""

    campaign_id: int
    order: Order


async def post(house: House) -> Verdict:
    """Trial 13. One account promises to take each key once, the other promises nothing."""
    number, kills = house.scaled(20_000, least=600), house.scaled(4, least=1)
    cuts = house.scaled(100, least=4)
    pause_s = ENGINES * REQUESTS * max(SENDING_S * house.scale, 8.0) / number
    behaviours = [
        Behaviour(
            name=name, http=True, cut="dot", every=20, times=cuts, pause_s=pause_s,
            busy_every=number // 3, wait_s=WAIT_S,
        )
        for name in ("no", "yes")
    ]  # fmt: skip
    async with (
        house.peer(*behaviours) as peer,
        house.working(Child.JOBS, 1),
        house.working(Child.ENGINE, ENGINES) as engines,
    ):
        sent = {name: await _launch(house, peer, name, number) for name in peer.ports}
        for kill in range(1, kills + 1):
            share = 2 * number * kill // (kills + 1)
            await house.until(
                lambda share=share: peer.record.arrived() >= share,  # type: ignore[misc]
                within=STUCK_S,
                what=f"the arrival of {share}",
            )
            victim = random.choice(engines)  # noqa: S311  # Chance, not a secret.
            engines.remove(victim)
            await house.kill(victim)
            engines.append(await house.start(Child.ENGINE))
        await asyncio.gather(*(each.order.drained() for each in sent.values()))
        for each in sent.values():
            await finished(house, each.order.workspace_id, [each.campaign_id])
    return await _judge(peer, sent, kills=kills)


async def _launch(house: House, peer: Peer, name: str, number: int) -> _Sent:
    workspace_id = await new_workspace(house)
    async with house.services.db.trusted() as tx:
        connection_id = await bench_place.connect(
            tx,
            workspace_id=workspace_id,
            name=f"HTTP {name}",
            provider="http",
            settings={"url": f"http://127.0.0.1:{peer.ports[name]}/mail", "requests": REQUESTS, "once": name},
            keys=house.services.keys,
        )
    campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
    return _Sent(campaign_id=campaign_id, order=order)


async def _judge(peer: Peer, sent: dict[str, _Sent], *, kills: int) -> Verdict:
    unknown = {name: set(await each.order.in_state(MessageState.UNKNOWN)) for name, each in sent.items()}
    found = {
        name: tally(
            [note for note in peer.record.taken() if note.listener == name],
            wanted=each.order.recipients,
            excused=unknown[name],
        )
        for name, each in sent.items()
    }
    silent = {note.recipient for note in peer.record.of_kind("silent") if note.listener == "no"}
    in_doubt = unknown["no"] - silent
    again = len(peer.record.of_kind("again"))
    asked = len(peer.record.of_kind("asked"))
    early = [float(note.more) for note in peer.record.of_kind("early")]
    late = sum(wait > GRACE_S for wait in early)
    books = [(await each.order.books()).holds for each in sent.values()]
    everybody = sum(len(each.order.recipients) for each in sent.values())
    return Verdict(
        figure=f"{everybody:,} recipients, {kills} kills, {len(silent)} lost answers of an account without "
        f"keys: {sum(each.arrived for each in found.values()):,} arrived, lost "
        f"{sum(each.lost for each in found.values())}, twice {sum(each.twice for each in found.values())}, "
        f"unknown {len(unknown['no'])}; of one that takes each key once: unknown {len(unknown['yes'])}, "
        f"{again} repeats dropped; {asked} times 429, {late} requests came before its end",
        passed=all(each.clean for each in found.values())
        and silent <= unknown["no"]
        and len(in_doubt) <= LONGEST_WINDOW * kills
        and not unknown["yes"]
        and bool(again and asked)
        and not late
        and all(books),
    )
