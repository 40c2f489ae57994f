"""Trials of what lies under the engine: a database that crashes, a clock that jumps. 3 and 12."""

import asyncio
from datetime import timedelta

from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import finished, frozen, launch
from mailgenius.cli.soak.house import FAULTS, House
from mailgenius.cli.soak.orders import SMTP_CONNECTIONS, connect, new_workspace, people
from mailgenius.cli.soak.record import tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.ledger.model import MessageState
from mailgenius.processes.roles import Child

ENGINES = 2
STUCK_S = 300.0
AWAY_S = 20.0
SENDING_S = 60.0
"""How long the peer needs for the order of an outage, at full size."""
JUMP = timedelta(minutes=5)
ASKED_S = 3000
"""A wait that the peer asks for: longer than the clock jumps."""
DEAD_LEASES = 2
AFTER_JUMP_S = 6.0


async def crash_database(house: House) -> Verdict:
    """Trial 3. The server is stopped as by a crash, stays away, and is started again; that is all."""
    number, crashes = house.scaled(50_000, least=3000), house.scaled(3, least=1)
    away_s = max(4.0, AWAY_S * house.scale)
    pause_s = ENGINES * SMTP_CONNECTIONS * max(SENDING_S * house.scale, 10.0) / number
    workspace_id = await new_workspace(house)
    async with (
        house.peer(Behaviour(name="slow", pause_s=pause_s)) as peer,
        house.supervised(Child.JOBS),
        house.working(Child.ENGINE, ENGINES),
    ):
        connection_id = await connect(house, workspace_id, peer.ports["slow"])
        campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
        for crash in range(1, crashes + 1):
            share = number * crash // (crashes + 1)
            await house.until(
                lambda share=share: peer.record.arrived() >= share,  # type: ignore[misc]
                within=STUCK_S,
                what=f"the arrival of {share}",
            )
            await asyncio.to_thread(house.server.stop, "immediate")
            await asyncio.sleep(away_s)
            await asyncio.to_thread(house.server.acquire)
        await order.drained()
        await finished(house, workspace_id, [campaign_id])
    unknown = await order.in_state(MessageState.UNKNOWN)
    found, books = tally(peer.record.taken(), wanted=order.recipients), await order.books()
    return Verdict(
        figure=f"{number:,} recipients, {crashes} crashes, {away_s:.0f} s away: {found.arrived:,} arrived, "
        f"lost {found.lost}, twice {found.twice}, unknown {len(unknown)}",
        passed=found.clean and books.holds,
    )


async def set_clock(house: House) -> Verdict:
    """Trial 12. Every moment that the engine compares with now is shifted, as a jump of the clock would.

    The clock of the machine is left alone. What the processes measure by their own watches does not jump, as
    it would not in life.
    """
    number = house.scaled(20_000, least=12_000)
    pause_s = ENGINES * SMTP_CONNECTIONS * 6 * AFTER_JUMP_S / number
    slow = Behaviour(name="slow", pause_s=pause_s, wait_percent=5, wait_s=ASKED_S)
    workspace_id = await new_workspace(house)
    async with house.peer(slow) as peer, house.working(Child.JOBS, 1), house.working(Child.ENGINE, ENGINES):
        connection_id = await connect(house, workspace_id, peer.ports["slow"])
        campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
        await frozen(house, workspace_id, campaign_id)
        await house.until(
            lambda: peer.record.arrived() > number // 10, within=STUCK_S, what="the first arrivals"
        )
        async with house.services.db.trusted() as tx:
            dead = await tx.execute(
                FAULTS["lease-for-nobody"],
                workspace_id=workspace_id,
                order_id=order.id,
                limit=DEAD_LEASES,
            )
        for jump in (JUMP, -JUMP, -JUMP, JUMP):
            async with house.services.db.trusted() as tx:
                await tx.execute(FAULTS["set-clock"], by=jump)
            await asyncio.sleep(AFTER_JUMP_S)
        await order.sent_but_for_the_deferred()
        waiting = {note.recipient for note in peer.record.of_kind("asked")}
        early = waiting & {note.recipient for note in peer.record.taken()}
        async with house.services.db.trusted() as tx:
            await tx.execute(FAULTS["due-now"], workspace_id=workspace_id, order_id=order.id)
        await order.drained()
    unknown = await order.in_state(MessageState.UNKNOWN)
    found = tally(peer.record.taken(), wanted=order.recipients, excused=unknown)
    books = await order.books()
    return Verdict(
        figure=f"{number:,} recipients, 4 jumps, {dead} leases of a dead engine: {found.arrived:,} arrived, "
        f"lost {found.lost}, twice {found.twice}, unknown {len(unknown)}; {len(early)} of {len(waiting)} "
        f"that had to wait came early",
        passed=found.clean and not early and bool(waiting) and len(unknown) == dead > 0 and books.holds,
    )
