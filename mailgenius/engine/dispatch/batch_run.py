"""Working through one claimed batch, window by window, until it is done or has to be given back."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from mailgenius.channels.contract import MailSigner, OutgoingMessage, SendResult
from mailgenius.engine.dispatch import metrics
from mailgenius.engine.dispatch.blackbox import BlackBox
from mailgenius.engine.dispatch.composers import reason_of
from mailgenius.engine.dispatch.drip import drip
from mailgenius.engine.dispatch.ending import REST, Ending, patiently, stopped_within, until_tomorrow
from mailgenius.engine.dispatch.leave import Leave, take_leave
from mailgenius.engine.dispatch.lessons import hold_if_unhealthy, tell, tell_of_connection
from mailgenius.engine.dispatch.outcomes import NOT_ANSWERED, Outcomes, complete
from mailgenius.engine.dispatch.ports import LongestWindow, MessageComposer, RecipientSource
from mailgenius.engine.dispatch.senders import Sender, Senders
from mailgenius.engine.dispatch.window import Gate, compose, read_gate
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Claim, MessageState, Order, QueuedMessage, Settled, Window
from mailgenius.engine.pacing import service as pacing
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.logs import logger

SLICE_S = 10.0
"""A batch is given back after this long, so that slow connections do not keep others waiting."""
SUSPICIOUS = 2
"""So many dead addresses in one window make us look at the order before the next opens, and be careful."""
AHEAD_S = 0.1
"""A window is opened by so much before it must: a busy machine then misses no place."""
TRIAL_WINDOW = 10
"""So many messages try a connection that did not work."""

log = logger(__name__)


class BatchRun:
    """One batch under our lease. Call `run` once, then `finish`."""

    def __init__(
        self,
        db: Database,
        *,
        claim: Claim,
        messages: Sequence[QueuedMessage],
        order: Order,
        composer: MessageComposer,
        recipients: RecipientSource,
        sender: Sender,
        senders: Senders,
        shard: int,
        box: BlackBox,
        longest_window: LongestWindow,
    ) -> None:
        self._db = db
        self._senders = senders
        self._claim = claim
        self._order = order
        self._composer = composer
        self._recipients = recipients
        self._sender = sender
        self._shard = shard
        self._box = box
        self._longest_window = longest_window
        self._waiting = list(messages)
        self._done = Outcomes()
        self._signer: MailSigner | None = None
        self._fault = ""
        self._asked: timedelta | None = None
        self._trial = senders.on_trial((claim.workspace_id, claim.connection_id))
        self._careful = False
        self.patient = False
        """The window keeps to the pace of mailboxes and leaves the connection to others."""
        self.accepted_any = False
        """The connection took at least one message."""
        self.on_wire = False
        """Messages were handed over whose outcomes are not written down: only recovery may end this batch."""

    async def run(self, stop: asyncio.Event) -> Ending:
        """Send until nothing waits, the order or the connection forbids it, our time is over, or `stop`."""
        until = time.monotonic() + SLICE_S
        while self._waiting and not (stop.is_set() or self._sender.rests) and time.monotonic() < until:
            leave = await self._take_leave()
            if not leave.window and leave.wait:
                if until_tomorrow(leave.wait, order=self._order, connection=self._sender.connection):
                    self._done.put_all_aside(self._waiting, leave.wait, waits_for="warm_up")
                    self._waiting = []
                return Ending(wait=leave.wait, connection_waits=leave.connection_waits)
            if not leave.window:
                continue
            early = leave.begins_at - self._sender.ready_s - AHEAD_S - time.monotonic()
            if leave.place_of and early > 0 and await stopped_within(stop, timedelta(seconds=early)):
                await self._return_leave(leave, leave.window)
                break
            opening = time.monotonic()
            gate = await self._open(leave.window)
            if gate is None:
                await self._return_leave(leave, leave.window)
                break
            del self._waiting[: len(leave.window)]
            await self._send(leave, gate, stop, opening=opening)
            self._waiting = self._done.unsent + self._waiting
            if self._done.fault:
                self._fault, self._asked = self._done.fault, self._done.asked
                self._sender.troubled = True
                return Ending(fault=self._fault, asked=self._asked)
            if self._trial and self.accepted_any:
                # It works: settle that, so that the others know, and go on as usual at the next claim.
                return Ending()
            bounces = len(self._done.bounces)
            self._careful = bounces >= SUSPICIOUS or (self._careful and bounces > 0)
            if bounces >= SUSPICIOUS:
                await self._settle_alone()
        return Ending(wait=REST, connection_waits=True) if self._sender.rests else Ending()

    async def finish(self, *, wait: timedelta, faults: int) -> None:
        """Settle what is open and end the lease, as soon as the database lets us."""

        async def settle() -> None:
            async with self._db.trusted() as tx:
                # The ledger locks the order first, so that comes before the bounces.
                await ledger.finish(
                    tx,
                    claim=self._claim,
                    settlements=self._done.settlements,
                    unsent=len(self._waiting),
                    shard=self._shard,
                    faults=faults,
                    wait=wait,
                )
                await self._tell(tx)

        await patiently(settle)
        self._box.discard()
        await self._settled()

    @property
    def _works_again(self) -> bool:
        return (self._sender.troubled or self._trial) and self.accepted_any and not self._fault

    async def _take_leave(self) -> Leave:
        """Return the next window and when it may leave. Messages that must wait for theirs are put aside."""
        workspace_id = self._claim.workspace_id
        await self._senders.freshen((workspace_id, self._claim.connection_id), self._sender)
        # Before the window opens: should its keys be unreadable, nothing of it may have left.
        self._signer = await self._senders.signer(workspace_id, self._order.content.sender_email)
        order = workspace_id, self._claim.order_id
        most = TRIAL_WINDOW if self._trial else self._longest_window(order, careful=self._careful)
        leave = await take_leave(
            self._db,
            workspace_id=workspace_id,
            order=self._order,
            sender=self._sender,
            mailboxes=self._senders.mailboxes,
            waiting=self._waiting[:most],
        )
        self.patient = leave.patient
        for message, wait, waits_for in leave.aside:
            self._done.put_aside(message, wait, waits_for=waits_for)
        gone = {message.id for message, *_ in leave.aside}
        self._waiting = [each for each in self._waiting if each.id not in gone] if gone else self._waiting
        return leave

    async def _return_leave(self, leave: Leave, unsent: Sequence[QueuedMessage]) -> None:
        if leave.ask is None or not unsent:
            return
        async with self._db.trusted() as tx:
            await pacing.give_back(
                tx,
                workspace_id=self._claim.workspace_id,
                ask=leave.ask,
                unsent=[leave.grouped.get(message.id) for message in unsent],
            )

    async def _settle_alone(self) -> None:
        """Settle a window with many dead addresses before the next one opens: the order may have to stop."""
        async with self._db.trusted() as tx:
            await self._advance(tx, following=None)
        await self._settled()

    async def _open(self, window: Sequence[QueuedMessage]) -> Gate | None:
        """Settle the window before and open this one; None when this one must not be sent.

        The commit at the end is what makes the window known to recovery: no provider is called before it.
        """
        started = time.monotonic()
        gate = None
        async with self._db.trusted() as tx:
            following = Window(
                first_id=window[0].id,
                last_id=window[-1].id,
                size=len(window),
                deduplicates=self._sender.adapter.capabilities.deduplicates,
            )
            settled = await self._advance(tx, following=following)
            if settled.opened:
                gate = await read_gate(
                    tx,
                    order=self._order,
                    window=window,
                    recipients=self._recipients,
                    manners=self._sender.rules.manners,
                )
        metrics.SETTLE_SECONDS.observe(time.monotonic() - started)
        if not settled.owned:
            metrics.LOST_LEASES.inc()
            log.warning("lease lost", workspace=self._claim.workspace_id, batch=self._claim.batch_id)
        await self._settled()
        return gate

    async def _advance(self, tx: Tx, *, following: Window | None) -> Settled:
        settled = await ledger.advance(
            tx, claim=self._claim, settlements=self._done.settlements, following=following, shard=self._shard
        )
        await self._tell(tx)
        return settled

    async def _tell(self, tx: Tx) -> None:
        """Write what the last window taught beside its outcomes."""
        self._sender.rests |= await tell(
            tx,
            claim=self._claim,
            order=self._order,
            done=self._done,
            mailboxes=self._senders.mailboxes,
            warming=self._sender.connection.warming,
        )
        await tell_of_connection(
            tx, claim=self._claim, fault=self._fault, asked=self._asked, works_again=self._works_again
        )

    async def _send(self, leave: Leave, gate: Gate, stop: asyncio.Event, *, opening: float) -> None:
        started = time.monotonic()
        made = await compose(self._composer, leave.window, gate, self._done, signer=self._signer)
        self._box.opens(leave.window, deduplicates=self._sender.adapter.capabilities.deduplicates)
        self.on_wire = True
        if leave.place_of:
            self._sender.was_ready_in(time.monotonic() - opening)
            made.sort(key=lambda pair: leave.place_of[pair[0].id])
            places = [leave.place_of[waiting.id] for waiting, _ in made]
            outgoing = [message for _, message in made]
            results = await drip(
                outgoing,
                places,
                late=leave.late,
                hand_over=self._hand_over,
                answers=self._sender.answers,
                stop=stop,
            )
        else:
            results = list(await self._hand_over([message for _, message in made]))
        sent = [(waiting, result) for (waiting, _), result in zip(made, results, strict=True) if result]
        self._done.heed(sent)
        self._done.judge(
            sent,
            order=self._order,
            deduplicates=self._sender.adapter.capabilities.deduplicates,
            health=self._sender.health,
        )
        self.on_wire = False
        for message, wait, _ in self._done.holds:
            self._sender.hold(self._senders.mailboxes.group_of(message.address), wait)
        left = [waiting for (waiting, _), result in zip(made, results, strict=True) if result is None]
        answered = {waiting.id for waiting, _ in sent}
        await self._return_leave(leave, [item for item in leave.window if item.id not in answered])
        self._done.unsent = sorted([*self._done.unsent, *left], key=lambda message: message.id)
        if made:  # The peer's own time: what was spent on waiting for places says nothing about it.
            self._sender.took(len(made), time.monotonic() - max(started, leave.ends_at))
        self.accepted_any |= any(item.state is MessageState.ACCEPTED for item in self._done.settlements)
        metrics.WINDOWS.labels(self._order.channel).inc()
        metrics.WINDOW_SECONDS.labels(self._order.channel).observe(time.monotonic() - started)

    async def _hand_over(self, messages: Sequence[OutgoingMessage]) -> list[SendResult]:
        if not messages:
            return []
        try:
            adapter = self._sender.adapter
            if not adapter.capabilities.tells:
                self._box.begins([message.message_id for message in messages])
            results = await adapter.send(messages, self._box)
        except Exception as error:
            # Adapters do not raise: one that does may have handed over anything.
            log.exception("adapter failed", connection=self._claim.connection_id)
            self._done.fault = reason_of(error)
            return [NOT_ANSWERED] * len(messages)
        return complete(results, len(messages))

    async def _settled(self) -> None:
        """Forget outcomes that are written down, and see whether their order may go on."""
        metrics.settled(self._order.channel, Counter(item.state for item in self._done.settlements))
        if self._works_again:
            self._sender.troubled = False
        bounced, self._done = bool(self._done.bounces), Outcomes()
        if bounced:
            await hold_if_unhealthy(self._db, claim=self._claim)
