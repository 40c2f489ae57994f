"""The dispatcher: paths and lifespans."""

import asyncio
from contextlib import asynccontextmanager

import httpx
from litestar import Litestar, get

from mailgenius.processes.dispatcher import Dispatcher, Mount


def door(name: str, diary: list[str]) -> Litestar:
    @get(["/", "/{rest:path}"])
    async def answer() -> str:
        return name

    async def start() -> None:
        diary.append(f"{name} starts")

    async def stop() -> None:
        diary.append(f"{name} stops")

    return Litestar([answer], on_startup=[start], on_shutdown=[stop])


def build(diary: list[str]) -> Dispatcher:
    @asynccontextmanager
    async def resource():
        diary.append("opens")
        yield
        diary.append("closes")

    return Dispatcher(
        [
            Mount(app=door("web", diary), prefixes=[""]),
            Mount(app=door("api", diary), prefixes=["/api/", "/healthz"]),
        ],
        [resource()],
    )


async def lifespan(app: Dispatcher) -> tuple[asyncio.Queue, asyncio.Queue, asyncio.Task]:
    orders: asyncio.Queue = asyncio.Queue()
    answers: asyncio.Queue = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan"}, orders.get, answers.put))
    await orders.put({"type": "lifespan.startup"})
    return orders, answers, task


async def test_each_path_reaches_its_door():
    app = build([])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [(await client.get(path)).text for path in ("/", "/leads", "/api/v1/leads", "/healthz")]
    assert answers == ["web", "web", "api", "api"]


async def test_a_path_without_a_door_is_not_found():
    app = Dispatcher([Mount(app=door("edge", []), prefixes=["/o/"])])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/leads")).status_code == 404


async def test_resources_open_before_the_doors_and_close_after_them():
    diary: list[str] = []
    orders, answers, task = await lifespan(build(diary))
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    assert diary == ["opens", "web starts", "api starts"]
    await orders.put({"type": "lifespan.shutdown"})
    assert (await answers.get())["type"] == "lifespan.shutdown.complete"
    await task
    assert diary[3:] == ["api stops", "web stops", "closes"]


async def test_a_door_that_cannot_start_fails_the_start():
    async def fail() -> None:
        raise RuntimeError("no")

    broken = Litestar([], on_startup=[fail])
    _, answers, task = await lifespan(Dispatcher([Mount(app=broken, prefixes=[""])]))
    assert (await answers.get())["type"] == "lifespan.startup.failed"
    await task
