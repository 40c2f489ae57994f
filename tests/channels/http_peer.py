"""An HTTP service that takes e-mails and answers as a test tells it to: real requests, a real port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from mailgenius.channels.email.http.adapter import Mail

Answer = Callable[[Mail], web.Response | None]
"""What to say to a mail; None hangs up without a word."""


@dataclass(kw_only=True)
class HttpPeer:
    """A running service: where it is, how it answers, what it heard."""

    url: str = ""
    answer: Answer
    pieces: bool = False
    """Whether an answer leaves in two pieces, the second some time later."""
    heard: list[Mail] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"url": self.url, "token": "s3cret", **more}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.tokens.add(request.headers.get("Authorization", ""))
        if request.method == "OPTIONS":
            return web.Response(status=204)
        mail = msgspec.json.decode(await request.read(), type=Mail)
        self.heard.append(mail)
        self.keys.append(request.headers["Idempotency-Key"])
        answer = self.answer(mail)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
            return web.Response()
        return await self._in_pieces(request, answer) if self.pieces else answer

    @staticmethod
    async def _in_pieces(request: web.Request, answer: web.Response) -> web.StreamResponse:
        assert isinstance(answer.body, bytes)
        stream = web.StreamResponse(status=answer.status)
        await stream.prepare(request)
        for piece in (answer.body[:5], answer.body[5:]):
            await stream.write(piece)
            await asyncio.sleep(0.05)
        return stream


def taken(mail: Mail) -> web.Response:
    return web.json_response({"id": f"gateway-{mail.id}"}, status=202)


@asynccontextmanager
async def service(answer: Answer = taken, *, pieces: bool = False) -> AsyncIterator[HttpPeer]:
    """Run a service inside the block."""
    peer = HttpPeer(answer=answer, pieces=pieces)
    app = web.Application()
    app.router.add_route("*", "/mail", peer.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mail"
        yield peer
    finally:
        await runner.cleanup()
