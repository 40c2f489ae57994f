"""One ASGI application that hands each request to the door that owns its path, and runs their lifespans."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mailgenius.kit.logs import logger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks type the protocol's messages in ways that do not meet, so an application takes anything.
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

log = logger(__name__)


class LifespanFailed(RuntimeError):
    """A door could not start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A door and the beginnings of the paths that are its own. An empty beginning takes all the rest."""

    app: AsgiApp
    prefixes: Sequence[str]


class Dispatcher:
    """Chooses the door by path: the longest matching beginning wins; without one the answer is 404."""

    def __init__(
        self, mounts: Sequence[Mount], resources: Sequence[AbstractAsyncContextManager[object]] = ()
    ) -> None:
        self._mounts = mounts
        self._resources = resources
        routes = [(prefix, mount.app) for mount in mounts for prefix in mount.prefixes]
        self._routes = sorted(routes, key=lambda route: len(route[0]), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        path = scope["path"]
        for prefix, app in self._routes:
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        await _not_found(scope, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the resources, then start every door; at the end stop all in the opposite order."""
        await receive()
        async with AsyncExitStack() as stack:
            try:
                for resource in self._resources:
                    await stack.enter_async_context(resource)
                for mount in self._mounts:
                    await stack.enter_async_context(started(mount.app, scope))
            except Exception:
                log.exception("a door could not start")
                await send({"type": "lifespan.startup.failed", "message": "a door could not start"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def started(app: AsgiApp, scope: Scope) -> AsyncIterator[None]:
    """Drive the lifespan protocol of one application: start-up before the block, shutdown after it.

    Raises:
        LifespanFailed: it said that it could not start or stop.
    """
    orders: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    # The protocol wants one task for both halves, because context variables and cancel scopes span them.
    task = asyncio.create_task(_drive(app, {**scope, "state": {}}, orders.get, answers.put))
    await _order(orders, answers, task, "startup")
    try:
        yield
    finally:
        await _order(orders, answers, task, "shutdown")
        await task


async def _drive(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _order(
    orders: asyncio.Queue[Message], answers: asyncio.Queue[Message], task: asyncio.Task[None], step: str
) -> None:
    await orders.put({"type": f"lifespan.{step}"})
    answer = asyncio.create_task(answers.get())
    await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        raise LifespanFailed(step) from task.exception()
    if answer.result()["type"] != f"lifespan.{step}.complete":
        raise LifespanFailed(answer.result().get("message", step))


async def _not_found(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Nothing lives at this address.\n"})
