"""The HTTP provider of the soak: takes each key once, asks to be left alone, and hangs up."""

import asyncio
import math
import time

import msgspec
from aiohttp import web

from mailgenius.channels.email.http.adapter import Mail
from mailgenius.cli.soak.behaviour import Listener, header_of


class Gateway:
    """One listener by HTTP."""

    def __init__(self, listener: Listener) -> None:
        self._house = listener
        self._known: set[str] = set()
        self._requests = 0
        self._asked_at = self._busy_until = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        mail = msgspec.json.decode(await request.read(), type=Mail)
        if wait := self._wait(mail.recipient):
            return web.Response(status=429, headers={"Retry-After": str(math.ceil(wait))})
        key = request.headers["Idempotency-Key"]
        if key in self._known:
            self._house.note("again", mail.recipient)
            return web.json_response({"id": key}, status=202)
        self._known.add(key)
        message_id = header_of(mail.mail, b"message-id")
        if self._house.cuts("dot", mail.recipient):
            self._house.note("silent", mail.recipient, message_id)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        await asyncio.sleep(self._house.behaviour.pause_s)
        self._house.note("taken", mail.recipient, message_id)
        return web.json_response({"id": key}, status=202)

    def _wait(self, recipient: str) -> float:
        """Return how long to wait before anything is taken, and write down who comes too early."""
        its, now = self._house.behaviour, time.time()
        if now < self._busy_until:
            self._house.note("early", recipient, more=f"{now - self._asked_at:.3f}")
            return self._busy_until - now
        self._requests += 1
        if not its.busy_every or self._requests % its.busy_every:
            return 0.0
        self._asked_at, self._busy_until = now, now + its.wait_s
        self._house.note("asked", recipient)
        return float(its.wait_s)


async def listen(listener: Listener) -> int:
    """Begin to listen on a port of this machine, until the process ends, and return the port."""
    app = web.Application()
    app.router.add_post("/mail", Gateway(listener).handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port
