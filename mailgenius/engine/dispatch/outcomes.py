"""From what an adapter said to what the ledger writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mailgenius.channels.contract import Channel, Fault, Outcome, SendResult
from mailgenius.engine.dispatch.health import Health
from mailgenius.engine.ledger.model import MessageState, Order, QueuedMessage, Settlement
from mailgenius.engine.retries import reactions, service as retries
from mailgenius.engine.retries.service import Verdict

LONGEST_REASON = 500
NOT_ANSWERED = SendResult(
    outcome=Outcome.UNKNOWN, reason="The connection failed without an answer for this message."
)
AFTER_HANGING_UP = tuple(timedelta(seconds=s) for s in (5, 15, 60, 180))
"""When a message that broke its connection is handed over again, by its attempts. The fifth is the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """An address that turned out dead, and what was said of it."""

    address: str
    reason: str


@dataclass(kw_only=True, slots=True)
class Outcomes:
    """What became of the messages of one window."""

    settlements: list[Settlement] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)
    unsent: list[QueuedMessage] = field(default_factory=list)
    """Not handed over because the connection as a whole failed; they stay queued and lose no attempt."""
    fault: str = ""
    """What is wrong with the connection, in words for people; empty when it works."""
    asked: timedelta | None = None
    """How long the peer asked us to leave the connection alone."""
    holds: list[tuple[QueuedMessage, timedelta, str]] = field(default_factory=list)
    """Messages whose group of mailboxes asked to be left alone: for how long, and in which words."""

    def suppress(self, message: QueuedMessage, reason: str) -> None:
        self._settle(message, MessageState.SUPPRESSED, SendResult(outcome=Outcome.REJECTED, reason=reason))

    def put_aside(self, message: QueuedMessage, wait: timedelta, *, waits_for: str) -> None:
        """Let a message wait without an attempt: it is not its turn."""
        self.settlements.append(
            Settlement(
                id=message.id,
                state=MessageState.DEFERRED,
                again_in=wait,
                waits_for=waits_for,
            )
        )

    def put_all_aside(self, messages: Iterable[QueuedMessage], wait: timedelta, *, waits_for: str) -> None:
        """Let messages wait together, so that everybody sees what for."""
        for message in messages:
            self.put_aside(message, wait, waits_for=waits_for)

    def heed(self, sent: Iterable[tuple[QueuedMessage, SendResult]]) -> None:
        """Note what the results ask of us beyond their own messages: to leave someone alone for a while."""
        for message, result in sent:
            if result.outcome is not Outcome.DEFERRED:
                continue
            if result.fault is Fault.CONNECTION and result.retry_after is not None:
                self.asked = max(self.asked or result.retry_after, result.retry_after)
            elif (wait := reactions.hold_for(result)) is not None:
                self.holds.append((message, wait, _words(result)))

    def park(self, message: QueuedMessage, reason: str) -> None:
        """Reject a message that could not be made; the others of its window go on."""
        self._settle(message, MessageState.REJECTED, SendResult(outcome=Outcome.REJECTED, reason=reason))

    def judge(
        self,
        sent: Iterable[tuple[QueuedMessage, SendResult]],
        *,
        order: Order,
        deduplicates: bool,
        health: Health,
    ) -> None:
        """Take the adapter's results in.

        Args:
            sent: each message that was handed over, with what the adapter said.
            order: the messages' order.
            deduplicates: whether the provider drops a second hand-over.
            health: what is known of the connection; it learns from these results.
        """
        sent = list(sent)
        health.learn(sent)
        for message, result in sent:
            if result.outcome is Outcome.ACCEPTED:
                self.settlements.append(_accepted(message, result))  # There is nothing to judge.
                continue
            if result.fault is Fault.CONNECTION and result.outcome in {Outcome.DEFERRED, Outcome.REJECTED}:
                self.unsent.append(message)
                self.fault = _words(result) or "The connection cannot be used."
                continue
            found = _hung_up(message, works=health.works) if result.fault is Fault.MESSAGE else None
            if result.fault is Fault.MESSAGE and not health.works:
                # Nothing says that it is this message: the connection rests, and the attempt counts as usual.
                self.fault = _words(result)
            found = found or retries.verdict(
                result,
                attempts=message.attempts,
                channel=Channel(order.channel),
                policy=order.policy,
                deduplicates=deduplicates,
            )
            self.settlements.append(
                Settlement(
                    id=message.id,
                    state=found.state,
                    outcome=result.outcome if found.state is MessageState.DEFERRED else None,
                    provider_ref=_storable(result.provider_ref),
                    code=_storable(result.code),
                    reason=_words(result),
                    again_in=found.again_in,
                )
            )
            if found.state is MessageState.REJECTED and result.fault is Fault.RECIPIENT:
                self.bounces.append(Bounce(address=message.address, reason=_words(result)))

    def _settle(self, message: QueuedMessage, state: MessageState, result: SendResult) -> None:
        self.settlements.append(Settlement(id=message.id, state=state, reason=_words(result)))


def _accepted(message: QueuedMessage, result: SendResult) -> Settlement:
    return Settlement(
        id=message.id,
        state=MessageState.ACCEPTED,
        provider_ref=_storable(result.provider_ref),
        code=_storable(result.code),
    )


def complete(results: Sequence[SendResult], expected: int) -> list[SendResult]:
    """Return one result for each message: an adapter that answers too few times leaves them all unknown."""
    return list(results) if len(results) == expected else [NOT_ANSWERED] * expected


def _hung_up(message: QueuedMessage, *, works: bool) -> Verdict | None:
    """Judge a message that broke its connection: soon again where others are taken, and parked at last.

    Such a message may break whatever it is handed to. It must neither go round for ever nor hold others up.
    None: nothing says that it is this message, so the usual schedule holds.
    """
    if message.attempts >= len(AFTER_HANGING_UP):
        return Verdict(state=MessageState.REJECTED)
    return (
        Verdict(state=MessageState.DEFERRED, again_in=AFTER_HANGING_UP[message.attempts]) if works else None
    )


def _words(result: SendResult) -> str:
    reason = f"{result.code} {result.reason}" if result.code not in result.reason else result.reason
    return _storable(reason).strip()[:LONGEST_REASON]


def _storable(text: str) -> str:
    """Leave out what PostgreSQL does not store: a peer may say anything, and its words must not stop us."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
