"""Trials of engines that die or are restarted while they send: 1, 2 and 8."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import finished, launch
from mailgenius.cli.soak.house import FAULTS, House, Peer, Process, SoakStuck
from mailgenius.cli.soak.orders import SMTP_CONNECTIONS, Order, connect, new_workspace, people, send
from mailgenius.cli.soak.record import Tally, tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.dispatch.senders import LONGEST_WINDOW
from mailgenius.engine.ledger.model import MessageState, Policy
from mailgenius.processes.roles import Child

ENGINES = 2
BETWEEN_S = 4.5
"""An engine needs some seconds to start; the peer is so slow that the faults find two that work."""
MOST_RESUME_S = 30.0
MOST_DRAIN_S = 30.0
STUCK_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """An order that two engines are sending to a slow peer, while some faults are to come."""

    peer: Peer
    order: Order
    campaign_id: int | None
    """Whose order it is; none when it was handed to the engine."""
    faults: int
    engines: list[Process]

    async def drained(self) -> None:
        """Wait until everybody has been dealt with, and the campaign says so.

        Raises:
            SoakStuck: that took too long.
        """
        await self.order.drained()
        if self.campaign_id is not None:
            await finished(self.order.house, self.order.workspace_id, [self.campaign_id])

    async def reached(self, number: int) -> None:
        """Wait until the share of the work before fault `number` has arrived."""
        share = len(self.order.recipients) * number // (self.faults + 1)
        await self.order.house.until(
            lambda: self.peer.record.arrived() >= share, within=STUCK_S, what=f"the arrival of {share}"
        )

    def words(self, found: Tally, faults: str) -> str:
        return (
            f"{len(self.order.recipients):,} recipients, {self.faults} {faults}: {found.arrived:,} arrived, "
            f"lost {found.lost}, twice {found.twice}"
        )


async def kill_preferring_no_duplicate(house: House) -> Verdict:
    """Trial 1."""
    async with _load(house, recipients=100_000, faults=20) as load:
        took = await _kill_some(house, load)
    unknown = set(await load.order.in_state(MessageState.UNKNOWN))
    taken = load.peer.record.taken()
    never = unknown - {note.recipient for note in taken}
    found = tally(taken, wanted=load.order.recipients, excused=unknown)
    most, books = LONGEST_WINDOW * load.faults, await load.order.books()
    return Verdict(
        figure=f"{load.words(found, 'kills')}, unknown {len(unknown):,} (at most {most:,}; {len(never):,} of "
        f"them did not arrive); work of the dead resumed after {took:.1f} s",
        passed=found.clean
        and found.arrived == len(load.order.recipients) - len(never)
        and len(unknown) <= most
        and took <= MOST_RESUME_S
        and books.holds,
    )


async def kill_preferring_delivery(house: House) -> Verdict:
    """Trial 2."""
    async with _load(house, recipients=100_000, faults=20, prefer_delivery=True) as load:
        took = await _kill_some(house, load)
    order, taken = load.order, load.peer.record.taken()
    found = tally(taken, wanted=order.recipients)
    repeated = {who for who, number in Counter(note.recipient for note in taken).items() if number > 1}
    async with house.services.db.trusted() as tx:
        recorded = await tx.rows(
            FAULTS["attempts-of"], workspace_id=order.workspace_id, order_id=order.id, outcome="unknown"
        )
    silent = repeated - {recipient for recipient, _ in recorded}
    most, books = LONGEST_WINDOW * load.faults, await order.books()
    return Verdict(
        figure=f"{load.words(found, 'kills')} (at most {most:,}; {len(silent)} of them without a record); "
        f"work of the dead resumed after {took:.1f} s",
        passed=not (found.lost or found.strangers or silent)
        and found.twice <= most
        and took <= MOST_RESUME_S
        and books.holds,
    )


async def restart_in_turn(house: House) -> Verdict:
    """Trial 8."""
    drains: list[float] = []
    async with _load(house, recipients=30_000, faults=10) as load:
        for number in range(1, load.faults + 1):
            await load.reached(number)
            oldest = load.engines.pop(0)
            load.engines.append(await house.start(Child.ENGINE))
            drains.append(await house.stop(oldest))
        await load.drained()
    unknown = await load.order.in_state(MessageState.UNKNOWN)
    found = tally(load.peer.record.taken(), wanted=load.order.recipients)
    books = await load.order.books()
    return Verdict(
        figure=f"{load.words(found, 'restarts')}, unknown {len(unknown)}; longest drain {max(drains):.1f} s",
        passed=found.clean and not unknown and max(drains) <= MOST_DRAIN_S and books.holds,
    )


@asynccontextmanager
async def _load(
    house: House, *, recipients: int, faults: int, prefer_delivery: bool = False
) -> AsyncIterator[Load]:
    """Launch a campaign. Campaigns never prefer delivery: what does is handed to the engine."""
    number, faults = house.scaled(recipients, least=1500), house.scaled(faults, least=1)
    # All SMTP connections together need so long for one message each that the faults have room.
    pause_s = ENGINES * SMTP_CONNECTIONS * faults * BETWEEN_S / number
    workspace_id = await new_workspace(house)
    async with (
        house.peer(Behaviour(name="slow", pause_s=pause_s)) as peer,
        house.working(Child.JOBS, 1),
        house.working(Child.ENGINE, ENGINES) as engines,
    ):
        connection_id = await connect(house, workspace_id, peer.ports["slow"])
        campaign_id, emails = None, people(number)
        if prefer_delivery:
            order = await send(house, workspace_id, connection_id, emails, policy=Policy.PREFER_DELIVERY)
        else:
            campaign_id, order = await launch(house, workspace_id, connection_id, emails)
        yield Load(peer=peer, order=order, campaign_id=campaign_id, faults=faults, engines=engines)


async def _kill_some(house: House, load: Load) -> float:
    """Kill engines at random, let the order drain, and return how long the work of a dead one lay longest."""
    takeovers = []
    for number in range(1, load.faults + 1):
        await load.reached(number)
        victim = random.choice(load.engines)  # noqa: S311  # Chance, not a secret.
        load.engines.remove(victim)
        await house.kill(victim)
        takeovers.append(asyncio.create_task(_taken_over(house, victim.pid)))
        load.engines.append(await house.start(Child.ENGINE))
    await load.drained()
    return max(await asyncio.gather(*takeovers))


async def _taken_over(house: House, pid: int) -> float:
    """Return how long it takes until no batch is leased by a dead process."""
    started = time.monotonic()
    while time.monotonic() - started < STUCK_S:
        async with house.services.db.trusted() as tx:
            if not await tx.value(FAULTS["leases-of"], pid=str(pid)):
                return time.monotonic() - started
        await asyncio.sleep(0.25)
    raise SoakStuck(detail="nobody took the batches of a dead engine over")
