"""How the work on a batch ends before the batch is done: why, and when it should be claimed again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.engine.connections.model import Connection
from mailgenius.engine.ledger.model import Order
from mailgenius.kit import clock
from mailgenius.kit.errors import Unavailable

NOTHING = timedelta(0)
SETTLE_PATIENCE_S = 600.0
"""How long outcomes are held for a database that is away, before recovery has to see to them."""
REST = timedelta(seconds=1)
"""How long to leave a connection alone whose warm-up pauses, until its circuit is known."""
DAY_SLACK = timedelta(seconds=60)
"""So far our clock and the database's may differ about when the day ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """Why a batch is given back, and when it should be claimed again."""

    wait: timedelta = NOTHING
    connection_waits: bool = False
    """The wait is the whole connection's: its pace is booked."""
    fault: str = ""
    """What is wrong with the connection, or with us; empty when nothing is."""
    asked: timedelta | None = None
    """How long the peer asked us to leave the connection alone."""


def until_tomorrow(wait: timedelta, *, order: Order, connection: Connection) -> bool:
    """Whether a wait for leave is for the next day (UTC) of a connection that warms up, the order's own.

    An order without one of its own goes on through another connection.
    """
    if order.connection_id is None or not connection.warming:
        return False
    now = clock.now()
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return abs(tomorrow - now - wait) < DAY_SLACK


async def patiently(settle: Callable[[], Awaitable[None]]) -> None:
    """Settle as soon as the database lets us.

    Raises:
        Unavailable: it was away for so long that recovery has to do it.
    """
    deadline = time.monotonic() + SETTLE_PATIENCE_S
    pause = 0.2
    while True:
        try:
            return await settle()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


async def stopped_within(stop: asyncio.Event, wait: timedelta) -> bool:
    """Wait, and say whether `stop` came before the end of it."""
    try:
        async with asyncio.timeout(wait.total_seconds()):
            await stop.wait()
    except TimeoutError:
        return False
    return True
