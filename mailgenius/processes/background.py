"""The processes without a port: the engine and the background jobs."""

import asyncio

from mailgenius.kit.config import Settings
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.processes.presence import present
from mailgenius.processes.roles import Child
from mailgenius.processes.services import open_services
from mailgenius.processes.supervisor import stopping_on_signals
from mailgenius.processes.wiring import build_jobs

JOBS_AT_ONCE = 4
ENGINE_CONNECTIONS = 16


async def run_jobs(services: Services, stop: asyncio.Event) -> None:
    """Run background jobs until `stop` is set."""
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await build_jobs().work(context, concurrency=JOBS_AT_ONCE, stop=stop)


async def work_of(child: Child, services: Services, stop: asyncio.Event) -> None:
    """Do the work of the engine process or of the jobs process until `stop` is set."""
    if child is Child.JOBS:
        await run_jobs(services, stop)
        return
    # The jobs process needs nothing of the engine, nor does a command that imports leads.
    from mailgenius.processes.engine import run_engine  # noqa: PLC0415

    await run_engine(services, stop)


async def run_background(settings: Settings, child: Child) -> None:
    """Be the engine process or the jobs process until a signal says stop."""
    stop = asyncio.Event()
    connections = ENGINE_CONNECTIONS if child is Child.ENGINE else 2 * JOBS_AT_ONCE
    with stopping_on_signals(stop.set):
        async with open_services(settings, connections=connections) as services:
            with present(settings.home, child):
                await work_of(child, services, stop)
