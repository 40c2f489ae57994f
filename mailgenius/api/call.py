"""One call of the API: who makes it, its transaction, and its answer, given once for each Idempotency-Key."""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency

from mailgenius.api.arriving import ArrivingLeads
from mailgenius.api.bodies import WRONG_ITEMS, FieldProblem
from mailgenius.kit.audit.model import UNNOTED
from mailgenius.kit.db.database import DOOR_TIMEOUT, Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.services import Services
from mailgenius.kit.visitors import visitor_ip
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Actor, Answer as KeptAnswer

JSON = "application/json"
KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
READING = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a POST made: the body of its answer and the status."""

    body: Any
    status: int = 201


Work = Callable[[Tx], Awaitable[Done]]


class Call:
    """Given to every route by the name `call`, as `Caller`.

    No dataclass: the framework would look into its parts as if they came from outside.
    """

    def __init__(
        self, *, services: Services, request: Request[Any, Any, State], arriving: ArrivingLeads
    ) -> None:
        self.services = services
        self.request = request
        self.arriving = arriving
        """For what many send one by one at the same time."""

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request.scope["auth"]
        return actor

    @property
    def workspace_id(self) -> int:
        return self.actor.workspace_id

    @property
    def has_key(self) -> bool:
        """Whether the answer must be kept: the request may come again."""
        return KEY_HEADER in self.request.headers

    @property
    def wrong_items(self) -> dict[int, FieldProblem]:
        """Return the items of the body that have another shape, by place, where the body lets them."""
        wrong: dict[int, FieldProblem] = self.request.scope.get(WRONG_ITEMS, {})  # type: ignore[assignment]
        return wrong

    @property
    def db(self) -> Database:
        """The database as this caller's: what a request changes must leave an entry in the audit log."""
        request = self.request
        address = visitor_ip(
            peer=request.client.host if request.client else "",
            forwarded_for=request.headers.get("x-forwarded-for", ""),
            trusted_proxies=self.services.settings.trusted_proxies,
        )
        answerable = request.method not in READING and UNNOTED not in request.route_handler.opt
        return self.services.db.acting(self.actor.as_doer(address=address), answerable=answerable)

    def tenant(self) -> AbstractAsyncContextManager[Tx]:
        """Open the transaction of this call, held to its workspace."""
        return self.db.tenant(self.workspace_id)

    def trusted(self) -> AbstractAsyncContextManager[Tx]:
        """Open a transaction for search and audiences, whose indexes row-level security would hide."""
        return self.db.trusted(limit=DOOR_TIMEOUT)

    async def once(
        self, work: Work, *, trusted: bool = False, request_hash: bytes | None = None
    ) -> Response[Any]:
        """Do the work of a POST in one transaction, or repeat the answer of the same request.

        With an Idempotency-Key the answer is kept in that transaction. A failed request keeps nothing,
        because it changed nothing: sent again, it is tried again.

        Args:
            work: what to do; its answer is written before the commit.
            trusted: run it in a trusted transaction.
            request_hash: what tells this request from others; by default made of address and body.
        """
        key = self.request.headers.get(KEY_HEADER)
        async with self.trusted() if trusted else self.tenant() as tx:
            if key is None:
                return _response(_kept(await work(tx)))
            request_hash = request_hash or await self._request_hash()
            names: dict[str, Any] = {
                "workspace_id": self.workspace_id,
                "key": key,
                "request_hash": request_hash,
            }
            earlier = await workspaces.answered(tx, **names)
            if earlier is not None:
                return _response(earlier, replayed=True)
            answer = _kept(await work(tx))
            # That the answer is kept is no act of the caller.
            await tx.check_noted()
            await workspaces.keep_answer(tx, **names, answer=answer)
        return _response(answer)

    async def _request_hash(self) -> bytes:
        return self.address_hash(await self.request.body()).digest()

    def address_hash(self, body: bytes = b"") -> "hashlib._Hash":
        """Begin a hash of this request with what is not its body."""
        url = self.request.url
        digest = hashlib.sha256(f"{self.request.method} {url.path}?{url.query}\n".encode())
        digest.update(body)
        return digest


Caller = NamedDependency[Call]


def _kept(done: Done) -> KeptAnswer:
    return KeptAnswer(status=done.status, content_type=JSON, body=msgspec.json.encode(done.body))


def _response(answer: KeptAnswer, *, replayed: bool = False) -> Response[Any]:
    headers = {REPLAYED_HEADER: "true"} if replayed else {}
    return Response(answer.body, status_code=answer.status, media_type=answer.content_type, headers=headers)
