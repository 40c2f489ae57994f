"""The adapter of the provider `smtp`: a small pool of persistent connections that share each `send`."""

import asyncio
import ssl
from collections.abc import Sequence

from mailgenius.channels.contract import (
    AdapterContext,
    Capabilities,
    Channel,
    Outcome,
    OutgoingMessage,
    SendResult,
    Witness,
)
from mailgenius.channels.email.smtp.chunks import ChunkedSession
from mailgenius.channels.email.smtp.opening import open_wire, tls_context
from mailgenius.channels.email.smtp.protocol import PeerTrouble
from mailgenius.channels.email.smtp.replies import lost
from mailgenius.channels.email.smtp.session import Session
from mailgenius.channels.email.smtp.settings import SmtpSettings, Timeouts
from mailgenius.channels.email.smtp.tray import Tray

MESSAGES_FOR_A_CONNECTION = 10
"""A `send` uses another connection for every so many messages: fewer are quicker than a handshake."""
CROWDED_SECONDS = 60
"""How long to make do with the connections we have after the peer refused one more."""
CLOSE_SECONDS = 5


class SmtpAdapter:
    """Sends through one mail server. Belongs to the event loop that first sends with it."""

    def __init__(
        self, settings: SmtpSettings, context: AdapterContext, timeouts: Timeouts | None = None
    ) -> None:
        self._settings = settings
        self._context = context
        self._timeouts = timeouts or Timeouts()
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: list[Session] = []
        self._open = 0
        self._tls: ssl.SSLContext | None = None
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(channel=Channel.EMAIL, concurrency=self._settings.connections, tells=True)

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        """Hand over the messages; see the contract. Nothing is tried twice once a final dot has left."""
        if self._closed:
            return [_closed_result() for _ in messages]
        tray = Tray(messages, witness)
        workers = min(self._settings.connections, -(-len(messages) // MESSAGES_FOR_A_CONNECTION))
        if workers == 1:
            await self._work(tray)
        else:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(tray))
        return tray.finish()

    async def check(self) -> SendResult:
        """Open a connection of its own, sign in and take leave."""
        if self._closed:
            return _closed_result()
        try:
            session = await self._open_session()
        except PeerTrouble as trouble:
            return lost(trouble, handed_over=False)
        session.quit()
        await self._gone(session)
        return SendResult(outcome=Outcome.ACCEPTED)

    async def close(self) -> None:
        """Take leave of the idle connections; those in use close when their `send` ends."""
        self._closed = True
        idle, self._idle = self._idle, []
        for session in idle:
            _stop_timer(session)
            session.quit()
        for session in idle:
            await self._gone(session)

    async def _work(self, tray: Tray) -> None:
        """Send from the tray on one connection after another, until it is empty or there is no hope."""
        await self._slots.acquire()
        try:
            while not tray.empty:
                try:
                    session = self._take_idle() or await self._open_session()
                except PeerTrouble as trouble:
                    tray.trouble = trouble
                    if not self._open:
                        return
                    await self._make_do()
                else:
                    if not await self._deliver(session, tray):
                        return
        finally:
            self._slots.release()

    async def _make_do(self) -> None:
        """Keep our slot out of use for a while, and wait for that of a connection that the peer did allow."""
        withheld = asyncio.get_running_loop().call_later(CROWDED_SECONDS, self._slots.release)
        try:
            await self._slots.acquire()
        except BaseException:
            withheld.cancel()
            raise

    async def _deliver(self, session: Session, tray: Tray) -> bool:
        """Send on this connection; say whether another one may go on with what is left in the tray."""
        try:
            await session.deliver(tray)
        except PeerTrouble as trouble:
            tray.trouble = trouble
            await self._drop(session)
            # After an unknown outcome no more is risked: one such message a connection, not one a message.
            return session.proven and not session.unknown_left
        except BaseException:
            session.wire.abort()
            self._open -= 1
            raise
        self._keep(session)
        return True

    async def _open_session(self) -> Session:
        if self._tls is None:
            self._tls = tls_context(self._settings)
        wire, features = await open_wire(
            self._settings, self._tls, self._timeouts, allow_private=self._context.allow_private_hosts
        )
        self._open += 1
        kind = ChunkedSession if features.chunking and features.pipelining else Session
        return kind(wire, features, self._timeouts)

    def _take_idle(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            _stop_timer(session)
            if session.wire.usable:
                return session
            self._retire(session)
        return None

    def _keep(self, session: Session) -> None:
        if self._closed or not session.wire.usable:
            self._retire(session)
            return
        # Whatever it did before, when this one turns out dead next time, time was the reason.
        session.proven = True
        self._idle.append(session)
        session.idle_timer = asyncio.get_running_loop().call_later(self._timeouts.idle, self._expire, session)

    def _expire(self, session: Session) -> None:
        self._idle.remove(session)
        self._retire(session)

    def _retire(self, session: Session) -> None:
        self._open -= 1
        session.quit()

    async def _drop(self, session: Session) -> None:
        session.wire.abort()
        await self._gone(session)

    async def _gone(self, session: Session) -> None:
        """Wait until the socket is released; a peer that does not let go of a TLS session is cut off."""
        self._open -= 1
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.shield(session.wire.closed)
        except TimeoutError:
            session.wire.abort()


def _closed_result() -> SendResult:
    return lost(PeerTrouble("This connection was closed."), handed_over=False)


def _stop_timer(session: Session) -> None:
    if session.idle_timer is not None:
        session.idle_timer.cancel()
        session.idle_timer = None
