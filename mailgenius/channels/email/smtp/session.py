"""The mail transactions of one open connection. How it was opened, and what comes after it, is not here.

With PIPELINING (RFC 2920) one write carries the content and final dot of a message together with the
envelope of the next one, so a message costs one round trip. Without it every command waits for its answer.

What is promised about a connection that dies: a message whose final dot was not written was certainly not
taken; one whose dot was written and not answered is unknown; nothing else is ever unknown.
"""

import asyncio
from typing import NamedTuple

from mailgenius.channels.contract import Fault, OutgoingMessage, SendResult
from mailgenius.channels.email.envelope import envelope_of
from mailgenius.channels.email.mime import build
from mailgenius.channels.email.smtp.opening import Features
from mailgenius.channels.email.smtp.protocol import PeerTrouble, Reply, Wire
from mailgenius.channels.email.smtp.replies import CLOSING, GO_AHEAD, Stage, accepted, lost, refused
from mailgenius.channels.email.smtp.settings import Timeouts
from mailgenius.channels.email.smtp.tray import Tray
from mailgenius.channels.errors import MessageRefused, NeedsSmtpUtf8, TooBigForPeer

_SLICE = 64 * 1024
_DOT = b".\r\n"
_RSET = b"RSET\r\n"


class Job(NamedTuple):
    """One message ready for the wire."""

    place: int
    mail: bytes
    rcpt: bytes
    content: bytes
    """As on the wire, ends with a line end; the final dot is not part of it."""


class Session:
    """One connection that is greeted and signed in; used by one `deliver` at a time."""

    def __init__(self, wire: Wire, features: Features, timeouts: Timeouts) -> None:
        self.wire = wire
        self.proven = False
        """Whether this connection has answered for a message. Only then may another one take its place
        when it dies, so that a peer that drops every connection is not called for ever."""
        self.idle_timer: asyncio.TimerHandle | None = None
        self._features = features
        self._timeouts = timeouts
        self._current: Job | None = None
        self._following: Job | None = None
        self._content_begun = False
        self._dot_written = False

    async def deliver(self, tray: Tray) -> None:
        """Send from the tray until it is empty.

        Raises PeerTrouble when the connection is of no more use. By then each message that was begun has
        its result, or is back in the tray when nothing of it was handed over and this connection was proven.
        """
        self._content_begun = self._dot_written = False
        try:
            self._current = self._prepare(tray)
            if self._current is not None:
                self.wire.write(self._envelope_ahead(self._current))
            while self._current is not None:
                await self._transaction(self._current, tray)
                self._current, self._following = self._following, None
        except PeerTrouble as trouble:
            self._account_for_loss(tray, trouble)
            raise

    def quit(self) -> None:
        """Take leave without waiting for the answer."""
        if self.wire.usable:
            self.wire.write(b"QUIT\r\n")
        self.wire.close()

    async def _transaction(self, job: Job, tray: Tray) -> None:
        """Bring one message to its result, and have the envelope of the next one on its way."""
        self._content_begun = self._dot_written = False
        refusal, data_open = await self._envelope(job, tray)
        self._following = self._prepare(tray)
        ahead = self._envelope_ahead(self._following) if self._following else b""
        if refusal is None:
            await self._hand_over(job, ahead, tray)
            reply = await self.wire.reply(self._timeouts.final)
            self._settle(job, tray, reply, Stage.DOT)
            return
        tray.settle(job.place, refusal)
        self._current = None
        self.proven = True
        # RFC 2920 §3.1: DATA may have been accepted although no recipient was; then a lone dot ends it.
        # Otherwise the transaction is still open at the peer and has to be dropped.
        self.wire.write((_DOT if data_open else _RSET) + ahead)
        reply = await self.wire.reply(self._timeouts.final if data_open else self._timeouts.command)
        if reply.code == CLOSING:
            raise closing(reply)

    async def _envelope(self, job: Job, tray: Tray) -> tuple[SendResult | None, bool]:
        """Read the answers to MAIL, RCPT and DATA; return the refusal, and whether DATA was accepted."""
        refusal: SendResult | None = None
        for stage, command in ((Stage.MAIL, job.mail), (Stage.RCPT, job.rcpt), (Stage.DATA, b"DATA\r\n")):
            if not self._features.pipelining:
                if refusal is not None:
                    return refusal, False
                self.wire.write(command)
            seconds = self._timeouts.data if stage is Stage.DATA else self._timeouts.command
            reply = self.wire.reply_at_hand() or await self.wire.reply(seconds)
            if reply.code == CLOSING:
                self._turned_away(job, tray, reply, stage)
            data_open = stage is Stage.DATA and reply.code == GO_AHEAD
            if refusal is None and not (data_open or (stage is not Stage.DATA and reply.positive)):
                refusal = refused(reply, stage)
        return refusal, data_open

    def _turned_away(self, job: Job, tray: Tray, reply: Reply, stage: Stage) -> None:
        """The peer closes before it took the content: raise, after deciding about the message."""
        if not self._worn_out(reply, stage):
            tray.settle(job.place, refused(reply, stage))
            self._current = None
        raise closing(reply)

    def _worn_out(self, reply: Reply, stage: Stage) -> bool:
        """Say whether a peer merely has enough of this connection, so that a new one may take the message."""
        return stage is Stage.MAIL and self.proven and "4.7." not in reply.text

    async def _hand_over(self, job: Job, ahead: bytes, tray: Tray) -> None:
        """Write the content, the final dot and the next envelope; the dot last and never early."""
        content = job.content
        if len(content) <= _SLICE:
            tray.begin((job.place,))
            self.wire.write(b"".join((content, _DOT, ahead)))
            self._dot_written = True
            return
        view = memoryview(content)
        for start in range(0, len(content), _SLICE):
            self.wire.write(view[start : start + _SLICE])
            self._content_begun = True
            await self._drain(job, tray)
        tray.begin((job.place,))
        self.wire.write(_DOT + ahead)
        self._dot_written = True

    async def _drain(self, job: Job, tray: Tray) -> None:
        """Wait until a slice has left; a peer that hangs up half-way may have said why."""
        try:
            await self.wire.drain(self._timeouts.data)
        except PeerTrouble:
            reply = self.wire.reply_at_hand()
            if reply is not None and reply.code >= 400:  # noqa: PLR2004  # RFC 5321 §4.2.1
                tray.settle(job.place, refused(reply, Stage.DOT))
                self._current = None
            raise

    def _settle(self, job: Job, tray: Tray, reply: Reply, stage: Stage) -> None:
        """Write down the answer to the final dot."""
        if 300 <= reply.code < 400:  # noqa: PLR2004  # no answer to a dot: we and the peer are out of step
            raise PeerTrouble(f"The mail server answered out of turn: {reply.code} {reply.text}")
        tray.settle(job.place, accepted(reply) if reply.positive else refused(reply, stage))
        self._current = None
        if reply.code == CLOSING:
            raise closing(reply)
        self.proven = True

    def _account_for_loss(self, tray: Tray, trouble: PeerTrouble) -> None:
        for job in (self._following, self._current):  # In this order, so that the older one is offered first.
            if job is None:
                continue
            begun = job is self._current and (self._content_begun or self._dot_written)
            if begun and self._dot_written:
                tray.settle(job.place, lost(trouble, handed_over=True))
            elif not begun and self.proven and not self.unknown_left:
                tray.put_back(job.place)
            elif job is self._current:
                # A peer may hang up on whatever it is told, or on this message alone: the engine knows more.
                tray.settle(job.place, lost(trouble, handed_over=False, fault=Fault.MESSAGE))
            else:
                tray.settle(job.place, lost(trouble, handed_over=False))

    @property
    def unknown_left(self) -> bool:
        """Whether this connection died between a final dot and its answer."""
        return self._current is not None and self._dot_written

    def _envelope_ahead(self, job: Job) -> bytes:
        return job.mail + job.rcpt + b"DATA\r\n" if self._features.pipelining else b""

    def _prepare(self, tray: Tray) -> Job | None:
        """Return the next message that can be written at all; the others are settled here."""
        while (index := tray.take()) is not None:
            try:
                return self._job(index, tray.messages[index])
            except MessageRefused as error:
                tray.settle(index, error.as_result())
        return None

    def _job(self, index: int, message: OutgoingMessage) -> Job:
        features = self._features
        envelope = envelope_of(message)
        data, needs_eight_bit, needs_utf8 = build(message, eight_bit=features.eight_bit, utf8=features.utf8)
        needs_utf8 = needs_utf8 or envelope.needs_utf8
        if needs_utf8 and not features.utf8:
            raise NeedsSmtpUtf8(
                address=envelope.sender if envelope.recipient.isascii() else envelope.recipient
            )
        if features.size_limit and len(data) > features.size_limit:
            raise TooBigForPeer(size=len(data), limit=features.size_limit)
        mail = f"MAIL FROM:<{envelope.sender}>"
        if features.states_size:
            mail += f" SIZE={len(data)}"
        if needs_eight_bit:
            mail += " BODY=8BITMIME"
        if needs_utf8:
            mail += " SMTPUTF8"
        rcpt = f"RCPT TO:<{envelope.recipient}>\r\n"
        return Job(index, f"{mail}\r\n".encode(), rcpt.encode(), self._on_wire(data))

    def _on_wire(self, content: bytes) -> bytes:
        """Write the content so that the line with the final dot is the only one of its kind."""
        return content.replace(b"\r\n.", b"\r\n..")


def closing(reply: Reply) -> PeerTrouble:
    """Return what a 421 means for the connection."""
    return PeerTrouble(f"The mail server closed the connection: {reply.code} {reply.text}", code=str(CLOSING))
