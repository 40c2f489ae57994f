"""A real server for the screens: the app behind Granian in a thread of its own, on a free local port."""

import asyncio
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.ports import free_port
from mailgenius.kit.services import Services
from mailgenius.kit.storage import open_storage
from mailgenius.processes.wiring import build_jobs
from mailgenius.web.app import create_app

Fill = Callable[[Services], Awaitable[None]]


@asynccontextmanager
async def services_of(settings: Settings) -> AsyncIterator[Services]:
    keys = Keys(settings.secret_key)
    async with Database(settings.database_url, build_jobs(), keys=keys, max_size=8) as db:
        yield Services(db=db, settings=settings, keys=keys, storage=open_storage(settings))


@contextmanager
def serving(settings: Settings, fill: Fill) -> Iterator[str]:
    """Serve the app on a database that `fill` has filled; gives the address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    stop = threading.Event()
    failed: list[BaseException] = []

    async def run() -> None:
        async with services_of(settings) as services:
            await fill(services)
            server = Server(
                create_app(services),
                address="127.0.0.1",
                port=port,
                interface=Interfaces.ASGI,
                websockets=False,
                log_level=LogLevels.warning,
            )
            task = asyncio.create_task(server.serve())
            while not stop.is_set() and not task.done():
                await asyncio.sleep(0.05)
            server.stop()  # type: ignore[no-untyped-call]  # Granian does not annotate it.
            await task

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001  # Told to the test that waits.
            failed.append(error)

    runner = threading.Thread(target=thread, daemon=True)
    runner.start()
    try:
        _wait_for(base, failed)
        yield base
    finally:
        stop.set()
        runner.join(timeout=30)
    if failed:
        raise failed[0]


def _wait_for(base: str, failed: list[BaseException]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if failed:
            raise failed[0]
        try:
            with urllib.request.urlopen(f"{base}/sign-in", timeout=2) as answer:  # noqa: S310  # Our own server.
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(base)
