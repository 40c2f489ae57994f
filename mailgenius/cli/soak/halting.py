"""The trial of a campaign that must not go on: 14."""

import asyncio
import time
from collections.abc import Sequence

from mailgenius.cli.soak.behaviour import HUNDRED, Behaviour
from mailgenius.cli.soak.campaigning import frozen, launch
from mailgenius.cli.soak.house import House, SoakStuck
from mailgenius.cli.soak.orders import LOOK_EVERY_S, connect, new_workspace, people
from mailgenius.cli.soak.record import Note, tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.ledger.model import MessageState
from mailgenius.processes.roles import Child
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState

DEAD_PERCENT = 12
HALT_PERCENT, HALT_AFTER = 5, 200
"""What a workspace allows that has changed nothing: more bounces than this of at least so many messages."""
FURTHER = 500
STUCK_S = 120.0
QUIET_S = 3.0


async def meet_dead_addresses(house: House) -> Verdict:
    """Trial 14. Counted at the mail server: what was tried after the message that passed the threshold."""
    number = house.scaled(20_000, least=3000)
    dead = Behaviour(name="dead", reject_percent=DEAD_PERCENT, reject_words="550 5.1.1 No such user here")
    workspace_id = await new_workspace(house)
    async with house.peer(dead) as peer, house.working(Child.JOBS, 1), house.working(Child.ENGINE, 2):
        connection_id = await connect(house, workspace_id, peer.ports["dead"])
        campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
        await frozen(house, workspace_id, campaign_id)
        await _paused(house, workspace_id, campaign_id)
        await asyncio.sleep(QUIET_S)
        tried = peer.record.read().copy()
        passed_at = _passed_at(tried)
        async with house.services.db.trusted() as tx:
            await campaigns.resume(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        await house.until(
            lambda: len(peer.record.read()) > len(tried), within=STUCK_S, what="an attempt after the resume"
        )
        await _paused(house, workspace_id, campaign_id)
        async with house.services.db.trusted() as tx:
            await campaigns.cancel(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        await order.cancelled()
    found = tally(peer.record.taken(), wanted=await order.in_state(MessageState.ACCEPTED))
    further, books = len(tried) - passed_at, await order.books()
    return Verdict(
        figure=f"{number:,} recipients, {DEAD_PERCENT} % dead: {HALT_PERCENT} % passed after {passed_at:,} "
        f"were tried, paused after {further:,} further ones; resumed, and paused again; lost {found.lost}, "
        f"twice {found.twice}",
        passed=further <= FURTHER and found.clean and books.holds,
    )


async def _paused(house: House, workspace_id: int, campaign_id: int) -> None:
    deadline = time.monotonic() + STUCK_S
    while True:
        async with house.services.db.trusted() as tx:
            found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        if found.state is CampaignState.PAUSED:
            return
        if time.monotonic() > deadline or found.state is CampaignState.FINISHED:
            raise SoakStuck(detail=f"a campaign with {DEAD_PERCENT} % dead addresses is {found.state}")
        await asyncio.sleep(LOOK_EVERY_S)


def _passed_at(tried: Sequence[Note]) -> int:
    """Return how many messages the mail server had met when the threshold was passed."""
    bounced = 0
    for count, note in enumerate(tried, start=1):
        bounced += note.kind == "rejected"
        if count >= HALT_AFTER and bounced * HUNDRED > HALT_PERCENT * count:
            return count
    return len(tried)
