"""How the work on a batch ends before the batch is done: why, and when it should be claimed again."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

NOTHING = timedelta(0)


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


async def stopped_within(stop: asyncio.Event, wait: timedelta) -> bool:
    """Wait, and say whether `stop` came before the end of it."""
    try:
        async with asyncio.timeout(wait.total_seconds()):
            await stop.wait()
    except TimeoutError:
        return False
    return True
