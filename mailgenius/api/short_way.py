"""The short way of the one call that comes by thousands a second: a single lead, without the framework.

The framework's own work on a request takes more time than all that a lead is. So `POST /leads` of a caller
who was let in a moment ago is read and answered here, by the same decoder, rules and answers; whatever is
unusual about a request goes the long way, whose route has the documentation too. A test holds them together.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Response

from mailgenius.api.access import Callers
from mailgenius.api.arriving import ArrivingLeads
from mailgenius.api.bodies import ApiRequest, decode
from mailgenius.api.call import JSON
from mailgenius.api.lead_shapes import LeadBody, upserted_answer
from mailgenius.api.problems import answer_error
from mailgenius.product.workspaces.model import Actor, Permission

PATH = "/api/v1/leads"
BODY_LIMIT = 2 << 20
"""Bytes of an ordinary body; routes that take more say so."""
LONGEST = 7
"""Digits of its length."""
UNUSUAL = {b"idempotency-key", b"transfer-encoding", b"expect"}
"""A request that says one of these goes the long way."""
PERMISSION = Permission.LEADS_WRITE

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class ShortWay:
    """Answers single leads of callers who are known."""

    def __init__(self, callers: Callers, arriving: ArrivingLeads) -> None:
        self._callers = callers
        self._arriving = arriving

    def caller(self, scope: Scope) -> Actor | None:
        """Return who asks for what can be answered here; None sends the request the long way."""
        if scope["path"] != PATH or scope["method"] != "POST" or scope["query_string"]:
            return None
        key, length = "", b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                if key:
                    return None  # Which of two keys holds, the framework says.
                key = value.decode("latin-1")
            elif name == b"content-length":
                length = value
            elif name in UNUSUAL:
                return None
        if not length.isdigit() or len(length) > LONGEST or not 0 < int(length) <= BODY_LIMIT:
            return None
        actor = self._callers.remembered(key)
        return actor if actor is not None and actor.may(PERMISSION) else None

    async def answer(self, actor: Actor, scope: Any, receive: Receive, send: Send) -> None:
        """Take the lead in and answer, or answer with what is wrong."""
        body = await _whole(receive)
        if body is None:
            return  # The client left in the middle of it.
        try:
            lead = decode(body, LeadBody).as_input()
            done = upserted_answer(await self._arriving.upsert(actor, lead))
        except Exception as error:  # noqa: BLE001  # Told as the framework would tell it.
            await _send_problem(answer_error(ApiRequest(scope), error), send)
            return
        await _send(send, 201 if done.created else 200, msgspec.json.encode(done), JSON, {})


async def _whole(receive: Receive) -> bytes | None:
    """Return the body, whose length was announced and is held to by the server."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        more: bytes = message.get("body", b"")
        body += more
        if not message.get("more_body"):
            return body


async def _send_problem(problem: Response[bytes], send: Send) -> None:
    await _send(
        send, problem.status_code or 500, problem.content, problem.media_type or JSON, problem.headers
    )


async def _send(send: Send, status: int, body: bytes, kind: str, more: Mapping[str, str]) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in more.items()]
    headers += [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
