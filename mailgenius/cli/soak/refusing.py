"""Trials of mail servers that hang up or refuse, and of messages that break things. 4, 5 and 10."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from mailgenius.channels.contract import Channel
from mailgenius.cli.soak.behaviour import Behaviour
from mailgenius.cli.soak.campaigning import finished, frozen, launch
from mailgenius.cli.soak.house import FAULTS, House, Peer
from mailgenius.cli.soak.orders import Order, connect, new_workspace, people, send
from mailgenius.cli.soak.record import tally
from mailgenius.cli.soak.verdict import Verdict
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageState
from mailgenius.engine.retries.service import JITTER, SCHEDULES
from mailgenius.processes.roles import Child

OPENING = ("connect", "ehlo", "starttls")
"""Phases that a connection passes once."""
ENVELOPE = ("mail", "rcpt", "data")
AFTER_DOT = "dot"
EVERY_CONNECTION, PER_CONNECTION = 3, 15
EVERY_MESSAGE = 20
ACCOUNTS = 8
"""Connections of ours to a peer that hangs up on new ones: one that cannot open rests for some seconds."""
STUCK_S = 300.0
MOST_ATTEMPTS = 5
FAILING_SUBJECT = "Hello {% if 'template-' in lead.email %}{{ range('nothing') }}{% endif %}"
ASKED_S = 90
FIRST_WAIT_S = SCHEDULES[Channel.EMAIL][0].total_seconds()
SLACK_S = 6.0
"""What may pass between the moment a message is due and its arrival at a busy peer."""


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """What became of the orders to a peer that hangs up at one phase."""

    name: str
    cuts: int
    lost: int
    twice: int
    unknown: int
    silent: int
    holds: bool

    @property
    def passed(self) -> bool:
        return self.cuts > 0 and self.holds and not (self.lost or self.twice) and self.unknown == self.silent


async def cut_at_each_phase(house: House) -> Verdict:
    """Trial 4. All phases at the same time, each with a peer, a workspace and connections of its own."""
    cuts = house.scaled(100, least=2)
    behaviours = [_cutting(phase, cuts) for phase in (*OPENING, *ENVELOPE, AFTER_DOT)]
    async with house.peer(*behaviours) as peer, house.working(Child.ENGINE, 2):
        phases = await asyncio.gather(*(_send_to_cutter(house, peer, each, cuts) for each in behaviours))
    words = ", ".join(f"{each.name} {each.cuts}" for each in phases)
    dot = phases[-1]
    return Verdict(
        figure=f"cuts at {words}; lost {sum(each.lost for each in phases)}, twice "
        f"{sum(each.twice for each in phases)}; unknown {sum(each.unknown for each in phases) - dot.unknown} "
        f"before the dot, {dot.unknown} of {dot.silent} after it",
        passed=all(each.passed and each.cuts >= cuts for each in phases),
    )


def _cutting(phase: str, cuts: int) -> Behaviour:
    if phase in OPENING:
        return Behaviour(
            name=phase,
            cut=phase,
            every=EVERY_CONNECTION,
            times=cuts,
            per_connection=PER_CONNECTION,
            starttls=phase == "starttls",
        )
    return Behaviour(name=phase, cut=phase, every=EVERY_MESSAGE, times=cuts)


async def _send_to_cutter(house: House, peer: Peer, behaviour: Behaviour, cuts: int) -> _Phase:
    """Send until the peer has hung up as often as it was to, and see what came of it."""
    workspace_id = await new_workspace(house)
    opening = behaviour.name in OPENING
    number = cuts * (2 * EVERY_CONNECTION * PER_CONNECTION if opening else EVERY_MESSAGE + 2)
    accounts = ACCOUNTS if opening else 1
    orders = []
    for _ in range(accounts):
        connection_id = await connect(
            house,
            workspace_id,
            peer.ports[behaviour.name],
            security="starttls" if behaviour.starttls else "none",
            smtp_connections=2 if opening else None,
        )
        orders.append(await send(house, workspace_id, connection_id, people(-(-number // accounts))))
    for order in orders:
        await _drain_early(order)
    unknown = {address for order in orders for address in await order.in_state(MessageState.UNKNOWN)}
    mine = [note for note in peer.record.read() if note.listener == behaviour.name]
    silent = {note.recipient for note in mine if note.kind == "silent"}
    found = tally(
        [note for note in mine if note.kind in {"taken", "silent"}],
        wanted=[address for order in orders for address in order.recipients],
    )
    return _Phase(
        name=behaviour.name,
        cuts=sum(note.kind == "cut" for note in mine),
        lost=found.lost,
        twice=found.twice + found.strangers + len(unknown ^ silent),
        unknown=len(unknown),
        silent=len(silent),
        holds=(await orders[0].books()).holds,
    )


async def _drain_early(order: Order) -> None:
    """Wait until an order has drained, while time passes quickly for what it deferred."""

    async def hurry() -> None:
        while True:
            async with order.house.services.db.trusted() as tx:
                await tx.execute(FAULTS["due-now"], workspace_id=order.workspace_id, order_id=order.id)
            await asyncio.sleep(1.0)

    hurrying = asyncio.create_task(hurry())
    try:
        await order.drained()
    finally:
        hurrying.cancel()
        await asyncio.gather(hurrying, return_exceptions=True)


async def refuse_some(house: House) -> Verdict:
    """Trial 5. At full size the waits are waited for; below, they are looked up and then cut short."""
    number, real = house.scaled(100_000, least=1000), house.scale >= 1
    refusing = Behaviour(name="refusing", reject_percent=10, defer_percent=5, wait_percent=5, wait_s=ASKED_S)
    workspace_id = await new_workspace(house)
    async with house.peer(refusing) as peer, house.working(Child.JOBS, 1), house.working(Child.ENGINE, 2):
        connection_id = await connect(house, workspace_id, peer.ports["refusing"])
        campaign_id, order = await launch(house, workspace_id, connection_id, people(number))
        await frozen(house, workspace_id, campaign_id)
        await order.sent_but_for_the_deferred()
        async with house.services.db.trusted() as tx:
            planned: dict[str, float] = dict(
                await tx.rows(FAULTS["planned-waits"], workspace_id=workspace_id, order_id=order.id)
            )
        await (order.drained(stalled=3 * ASKED_S) if real else _drain_early(order))
        await finished(house, workspace_id, [campaign_id])
    rejected = Counter(note.recipient for note in peer.record.of_kind("rejected"))
    again = sum(rejected.values()) - len(rejected)
    found = tally(peer.record.taken(), wanted=set(order.recipients) - rejected.keys())
    waits = _waits(peer) if real else planned
    late, odd = _odd_waits(peer, waits, slack=SLACK_S if real else 0.1)
    counts, books = await order.counts(), await order.books()
    difference = sum(abs(each.expected - each.found) for each in books.imbalances)
    exact = counts == {MessageState.ACCEPTED: number - len(rejected), MessageState.REJECTED: len(rejected)}
    return Verdict(
        figure=f"{number:,} messages, {len(rejected):,} refused for good, {len(waits):,} for now: "
        f"{found.arrived:,} arrived, lost {found.lost}, twice {found.twice}; books differ by {difference}; "
        f"retries of a 5xx {again}; {late}, {odd} of them outside 20 %",
        passed=found.clean and books.holds and exact and bool(waits) and not (again or odd),
    )


def _waits(peer: Peer) -> dict[str, float]:
    """Return how long the peer saw each deferred recipient wait."""
    first = {note.recipient: note.at for kind in ("deferred", "asked") for note in peer.record.of_kind(kind)}
    return {
        note.recipient: note.at - first[note.recipient]
        for note in peer.record.taken()
        if note.recipient in first
    }


def _odd_waits(peer: Peer, waits: dict[str, float], *, slack: float) -> tuple[str, int]:
    """Describe the waits, and count those that are not what the table or the peer's words say."""
    odd, words = 0, []
    for kind, least, usual in (
        ("deferred", FIRST_WAIT_S * (1 - JITTER), FIRST_WAIT_S),
        ("asked", float(ASKED_S), float(ASKED_S)),
    ):
        these = [waits[note.recipient] for note in peer.record.of_kind(kind) if note.recipient in waits]
        odd += sum(not least - 0.1 <= wait <= usual * (1 + JITTER) + slack for wait in these)
        if these:
            words.append(f"{min(these):.0f} to {max(these):.0f} s where {usual:.0f} are due")
    return "waits " + " and ".join(words or ["none"]), odd


async def poison(house: House) -> Verdict:
    """Trial 10. The template fails for some, some addresses cannot be written, the peer hangs up on some."""
    number = house.scaled(10_000, least=1000)
    bad = [
        *people(4, prefix="template-"),
        *people(2, prefix="õ"),
        *people(2, prefix="two words "),
        *people(2, prefix="hang-up-"),
    ]
    good = people(number - len(bad))
    everybody = [*good[: number // 3], *bad, *good[number // 3 :]]
    workspace_id = await new_workspace(house)
    async with (
        house.peer(Behaviour(name="touchy", hang_up_on="hang-up-")) as peer,
        house.working(Child.ENGINE, 2),
    ):
        connection_id = await connect(house, workspace_id, peer.ports["touchy"])
        order = await send(house, workspace_id, connection_id, everybody, subject=FAILING_SUBJECT)
        started = time.monotonic()
        await _drain_early(order)
        took = time.monotonic() - started
    async with house.services.db.trusted() as tx:
        parked = await intake.messages(
            tx, workspace_id=workspace_id, order_id=order.id, state=MessageState.REJECTED, limit=number
        )
    found = tally(peer.record.taken(), wanted=good)
    most = max((row.attempts for row in parked), default=0)
    without = sum(not row.error for row in parked)
    books = await order.books()
    return Verdict(
        figure=f"{number:,} messages, {len(bad)} of them poison: {found.arrived:,} delivered, "
        f"lost {found.lost}, twice {found.twice}; {len(parked)} parked after at most {most} attempts, "
        f"{without} without a reason; {took:.0f} s",
        passed=found.clean
        and {row.address for row in parked} == set(bad)
        and most <= MOST_ATTEMPTS
        and not without
        and books.holds,
    )
