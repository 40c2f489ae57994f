"""The adapter of the provider `http`: posts each message, some at the same time, over kept connections."""

import asyncio
import errno
import socket
from collections.abc import Sequence
from dataclasses import replace

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.helpers import is_ip_address
from yarl import URL

from mailgenius.channels.contract import (
    AdapterContext,
    Capabilities,
    Channel,
    Fault,
    Outcome,
    OutgoingMessage,
    SendResult,
    Witness,
)
from mailgenius.channels.email.envelope import envelope_of
from mailgenius.channels.email.http.replies import result_of
from mailgenius.channels.email.http.settings import HttpSettings
from mailgenius.channels.email.mime import build
from mailgenius.channels.email.smtp.protocol import PeerTrouble
from mailgenius.channels.email.smtp.replies import lost
from mailgenius.channels.email.smtp.resolve import is_public, resolve
from mailgenius.channels.email.smtp.tray import Tray
from mailgenius.channels.errors import MessageRefused
from mailgenius.kit.clock import now

TIMEOUTS = aiohttp.ClientTimeout(total=120, sock_connect=30)
"""Generous, because giving up leaves a message of which nobody knows whether it was taken."""
MESSAGES_FOR_A_REQUEST = 3
"""A `send` posts so many one after the other before it posts more at the same time."""
LONGEST_ANSWER = 16 << 10


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted: the envelope, and the finished e-mail in base64."""

    id: str
    sender: str
    recipient: str
    mail: bytes


class HttpAdapter:
    """Sends through one address. Belongs to the event loop that first sends with it."""

    def __init__(self, settings: HttpSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._url = URL(settings.url)
        self._slots = asyncio.Semaphore(settings.requests)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            channel=Channel.EMAIL,
            deduplicates=self._settings.once,
            concurrency=self._settings.requests,
            tells=True,
        )

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        """Hand over the messages; see the contract. Nothing is posted twice."""
        tray = Tray(messages, witness)
        if self._closed:
            tray.trouble = PeerTrouble("This connection was closed.")
            return tray.finish()
        workers = min(self._settings.requests, -(-len(messages) // MESSAGES_FOR_A_REQUEST))
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(tray))
        return tray.finish()

    async def check(self) -> SendResult:
        """Ask the service what it takes, with our key. It need not know; it must be there and let us in."""
        if self._closed:
            return lost(PeerTrouble("This connection was closed."), handed_over=False)
        found = await self._exchange("OPTIONS", {}, b"")
        if isinstance(found, PeerTrouble):
            return lost(found, handed_over=False)
        if found.outcome is Outcome.REJECTED or found.code in {"405", "501"}:
            return SendResult(outcome=Outcome.ACCEPTED)
        return found if found.outcome is Outcome.ACCEPTED else replace(found, outcome=Outcome.DEFERRED)

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _work(self, tray: Tray) -> None:
        """Post from the tray until it is empty, or the service says that no more can be taken now."""
        async with self._slots:
            while tray.trouble is None and (index := tray.take()) is not None:
                message = tray.messages[index]
                try:
                    content = _written(message)
                except MessageRefused as error:
                    tray.settle(index, error.as_result())
                    continue
                tray.begin([index])
                headers = {"Content-Type": "application/json", "Idempotency-Key": str(message.message_id)}
                found = await self._exchange("POST", headers, content)
                if isinstance(found, PeerTrouble):
                    found = lost(found, handed_over=False)
                tray.settle(index, found)
                if found.fault is Fault.CONNECTION:
                    tray.trouble = PeerTrouble(found.reason, code=found.code)

    async def _exchange(
        self, method: str, headers: dict[str, str], content: bytes
    ) -> SendResult | PeerTrouble:
        """Return what the service said; a trouble when it certainly heard nothing."""
        try:
            async with self._client().request(
                method, self._url, data=content, headers=headers, allow_redirects=False
            ) as answer:
                return result_of(
                    answer.status,
                    body=await _said(answer),
                    retry_after=answer.headers.get("Retry-After", ""),
                    now=now(),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, PeerTrouble) as error:
            return PeerTrouble(f"The service at {self._url.host} was not reached ({error}).")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return lost(
                PeerTrouble(
                    f"The service at {self._url.host} did not answer ({error or type(error).__name__})."
                ),
                handed_over=True,
            )

    def _client(self) -> aiohttp.ClientSession:
        """Return the open session. Raises PeerTrouble."""
        host = self._url.raw_host or ""
        if not self._context.allow_private_hosts and is_ip_address(host) and not _is_public_address(host):
            raise PeerTrouble(f"{host} is in a private network, which this installation does not allow.")
        if self._session is None:
            resolver = _Guarded(allow_private=self._context.allow_private_hosts)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._settings.requests, resolver=resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Authorization": f"Bearer {self._settings.token}"} if self._settings.token else {},
                timeout=TIMEOUTS,
            )
        return self._session


class _Guarded(AbstractResolver):
    """Names to addresses, by the look-up that refuses private networks; the one that was checked is used."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # Both are taken.
    ) -> list[ResolveResult]:
        """Return addresses. Raises OSError, which is what the client expects of a resolver."""
        try:
            found = await resolve(host, port, allow_private=self._allow_private)
        except PeerTrouble as trouble:
            raise OSError(errno.EHOSTUNREACH, trouble.reason) from trouble
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""


def _written(message: OutgoingMessage) -> bytes:
    """Return what is posted of a message. Raises MessageRefused."""
    envelope = envelope_of(message)
    return msgspec.json.encode(
        Mail(
            id=str(message.message_id),
            sender=envelope.sender,
            recipient=envelope.recipient,
            mail=build(message, eight_bit=True, utf8=True).data,
        )
    )


async def _said(answer: aiohttp.ClientResponse) -> bytes:
    """Return what an answer holds, which may come in pieces, or its beginning when it is long."""
    body = b""
    while len(body) < LONGEST_ANSWER and (piece := await answer.content.read(LONGEST_ANSWER - len(body))):
        body += piece
    return body


def _is_public_address(host: str) -> bool:
    """Judge what the client takes for an address and does not look up. The system reads `127.1` as one."""
    try:
        return is_public(host)
    except ValueError:
        return False
