"""Mail transactions with a peer that offers CHUNKING (RFC 3030): several messages in one write.

BDAT says how long the content is, so nobody has to wait for a go-ahead, nothing has to be dot-stuffed, and a
few messages travel together. The price is that a connection that dies leaves each of them unknown. So a group
is small, and the first message of a connection that is new, or was not used for a while, goes by DATA: most
connections that die do so there, and then nothing was handed over.

What is promised about a connection that dies: a message of a group that was not written, or written in part,
or already refused, or that follows a 421, was certainly not taken; the other unanswered ones are unknown.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from mailgenius.channels.contract import Fault, SendResult
from mailgenius.channels.email.smtp.opening import Features
from mailgenius.channels.email.smtp.protocol import PeerTrouble, Reply, Wire
from mailgenius.channels.email.smtp.replies import CLOSING, Stage, accepted, lost, refused
from mailgenius.channels.email.smtp.session import Job, Session, closing
from mailgenius.channels.email.smtp.settings import Timeouts
from mailgenius.channels.email.smtp.tray import Tray

MOST_IN_GROUP = 8
"""Eight instead of four take a seventh from what sending costs; more would leave more in doubt at a cut."""
GROUP_BYTES = 64 * 1024
"""A group is closed when it has so many; a longer message goes alone, in pieces of this size."""
SURE_SECONDS = 1.0
"""A connection that was used so lately is taken to be alive."""
_RSET = b"RSET\r\n"


class _One(Tray):
    """A tray from which one message can be taken; all else is done to the tray behind it."""

    def __init__(self, behind: Tray) -> None:
        super().__init__(behind.messages)
        self._behind = behind
        self._taken = False

    def take(self) -> int | None:
        if self._taken:
            return None
        self._taken = True
        return self._behind.take()

    def put_back(self, index: int) -> None:
        self._behind.put_back(index)

    def begin(self, indexes: Sequence[int]) -> None:
        self._behind.begin(indexes)

    def settle(self, index: int, result: SendResult) -> None:
        self._behind.settle(index, result)


class ChunkedSession(Session):
    """A session that sends by BDAT."""

    def __init__(self, wire: Wire, features: Features, timeouts: Timeouts) -> None:
        super().__init__(wire, features, timeouts)
        self._open: deque[Job] = deque()
        """Messages of the group on the wire that have no result, the oldest first."""
        self._next: Sequence[Job] = ()
        """The group after it, of which nothing was written."""
        self._written = False
        """Whether the group on the wire has left as a whole."""
        self._spare: Job | None = None
        """A message that was too long for the group it was made for."""
        self._refusal: SendResult | None = None
        """What the peer said against the oldest open message, before the answer to its content."""
        self._half_open = False
        """Whether the last message was refused before its content, and its transaction may still be open."""
        self._unknown = False
        self._begun = False
        """Whether anything of that group has left."""
        self._loop = asyncio.get_running_loop()
        self._used_at = float("-inf")
        self._careful = True

    @property
    def unknown_left(self) -> bool:
        return self._unknown or super().unknown_left

    async def deliver(self, tray: Tray) -> None:
        """Send from the tray until it is empty; raises as in Session."""
        self._careful = self._loop.time() - self._used_at > SURE_SECONDS
        while self._careful and not tray.empty:
            await super().deliver(_One(tray))
            self._careful = not self.proven
        await self._deliver_groups(tray)
        self._used_at = self._loop.time()

    async def _deliver_groups(self, tray: Tray) -> None:
        self._open, self._refusal = deque(), None
        try:
            self._next = self._group(tray)
            while self._next:
                group, self._next = self._next, ()
                rset, self._half_open = self._half_open, False
                await self._write(group, tray, rset=rset)
                # Made while the peer reads: the time is there anyway.
                self._next = self._group(tray)
                for number in range(len(group)):
                    await self._answers(tray, after_rset=rset or number > 0)
        except PeerTrouble as trouble:
            self._account(tray, trouble)
            raise

    def _group(self, tray: Tray) -> Sequence[Job]:
        """Return the messages that go next, in one write; a long one goes alone."""
        group: list[Job] = []
        size = 0
        while len(group) < MOST_IN_GROUP and (job := self._spare or self._prepare(tray)) is not None:
            size += len(job.content)
            self._spare = job if group and size > GROUP_BYTES else None
            if self._spare is not None:
                break
            group.append(job)
        return group

    def _on_wire(self, content: bytes) -> bytes:
        return super()._on_wire(content) if self._careful else content

    async def _write(self, group: Sequence[Job], tray: Tray, *, rset: bool) -> None:
        """Write a group; from its last byte on, its messages may have been taken."""
        self._open, self._begun, self._written = deque(group), False, False
        parts: list[bytes] = []
        for job in group:
            if parts or rset:
                # Should the message before be refused half-way, its transaction is still open at the peer.
                parts.append(_RSET)
            parts += (job.mail, job.rcpt, b"BDAT %d LAST\r\n" % len(job.content), job.content)
        view = memoryview(b"".join(parts))
        last = 0
        if len(group) == 1:
            for last in range(GROUP_BYTES, len(view), GROUP_BYTES):
                self.wire.write(view[last - GROUP_BYTES : last])
                self._begun = True
                await self._drain(group[0], tray)
        tray.begin([job.place for job in group])
        self.wire.write(view[last:])
        self._begun = self._written = True

    async def _drain(self, job: Job, tray: Tray) -> None:
        """Wait until a slice has left; a peer that hangs up half-way may have said why."""
        try:
            await self.wire.drain(self._timeouts.data)
        except PeerTrouble:
            while (reply := self.wire.reply_at_hand()) is not None:
                if reply.code >= 400:  # noqa: PLR2004  # RFC 5321 §4.2.1
                    tray.settle(job.place, refused(reply, Stage.DOT))
                    self._open.clear()
                    break
            raise

    async def _answers(self, tray: Tray, *, after_rset: bool) -> None:
        """Read the answers to the oldest open message and write its result down."""
        self._refusal = None
        job = self._open[0]
        if after_rset:
            self._expect_open(await self._answer(self._timeouts.command))
        for stage in (Stage.MAIL, Stage.RCPT):
            reply = await self._answer(self._timeouts.command)
            if reply.code == CLOSING:
                self._turn_away(job, tray, reply, stage)
            if self._refusal is None and not reply.positive:
                self._refusal = refused(reply, stage)
        no_recipient = not reply.positive
        reply = await self._answer(self._timeouts.final)
        if 300 <= reply.code < 400:  # noqa: PLR2004  # no answer to a chunk: we and the peer are out of step
            raise PeerTrouble(f"The mail server answered out of turn: {reply.code} {reply.text}")
        if reply.positive and not no_recipient:
            tray.settle(job.place, accepted(reply))
        else:
            tray.settle(job.place, self._refusal or refused(reply, Stage.DOT))
        self._half_open = self._refusal is not None
        self._open.popleft()
        self._refusal = None
        self._expect_open(reply)
        self.proven = True

    async def _answer(self, seconds: float) -> Reply:
        return self.wire.reply_at_hand() or await self.wire.reply(seconds)

    def _turn_away(self, job: Job, tray: Tray, reply: Reply, stage: Stage) -> None:
        """The peer closes before it took this message: decide about it, and raise."""
        if not self._worn_out(reply, stage):
            tray.settle(job.place, refused(reply, stage))
            self._open.popleft()
            self._refusal = None
        self._expect_open(reply)

    def _expect_open(self, reply: Reply) -> None:
        """Raise when the peer says that it closes: what follows on the wire is not read any more."""
        if reply.code == CLOSING:
            self._begun = self._written = False
            raise closing(reply)

    def _account(self, tray: Tray, trouble: PeerTrouble) -> None:
        """Give a result to whatever is not answered, or offer it again where nothing can have been taken."""
        begun = list(self._open)
        rest = [*self._next, *([self._spare] if self._spare else [])]
        self._open, self._next, self._spare = deque(), (), None
        if self._refusal is not None and begun:
            tray.settle(begun.pop(0).place, self._refusal)
        if self._written:
            self._unknown = bool(begun)
            for job in begun:
                tray.settle(job.place, lost(trouble, handed_over=True))
        elif self._begun:
            for job in begun:
                # A long message, of which a part has left.
                tray.settle(job.place, lost(trouble, handed_over=False, fault=Fault.MESSAGE))
        else:
            rest = begun + rest
        for job in reversed(rest):
            if self.proven and not self._unknown:
                tray.put_back(job.place)
            else:
                tray.settle(job.place, lost(trouble, handed_over=False))
