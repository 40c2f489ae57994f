"""Does the work of processes that do not run, inside another one.

So a command works with and without a running installation. Nothing is done twice: jobs and batches are
claimed under locks, whoever works on them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from mailgenius.kit.doers import SYSTEM
from mailgenius.kit.services import Services
from mailgenius.processes.background import work_of
from mailgenius.processes.presence import alive, present
from mailgenius.processes.roles import Child

LOOK_EVERY_S = 1.0


@asynccontextmanager
async def standing_in(services: Services, *children: Child) -> AsyncIterator[None]:
    """Inside the block, work in place of the processes of these kinds that do not run, or stop running."""
    stop = asyncio.Event()
    # The work is the installation's own, whoever started the command.
    services = replace(services, db=services.db.acting(SYSTEM))
    try:
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(_stand_in(services, child, stop))
            try:
                yield
            finally:
                stop.set()
    except BaseExceptionGroup as failures:
        raise _first(failures.exceptions) from failures


async def _stand_in(services: Services, child: Child, stop: asyncio.Event) -> None:
    home = services.settings.home
    while not stop.is_set():
        if not alive(home, child):
            with present(home, child):
                await work_of(child, services, stop)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)


def _first(failures: Sequence[BaseException]) -> BaseException:
    """Return the first failure itself: a caller of one thing should not have to open a group."""
    first = failures[0]
    return _first(first.exceptions) if isinstance(first, BaseExceptionGroup) else first
