"""From what an adapter said to what the ledger writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailgenius.channels.contract import Channel, Fault, Outcome, SendResult
from mailgenius.engine.ledger.model import MessageState, Order, QueuedMessage, Settlement
from mailgenius.engine.retries import service as retries

LONGEST_REASON = 500
NOT_ANSWERED = SendResult(
    outcome=Outcome.UNKNOWN, reason="The connection failed without an answer for this message."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """An address that turned out dead, and whose it is."""

    lead_id: int | None
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

    def suppress(self, message: QueuedMessage, reason: str) -> None:
        self._settle(message, MessageState.SUPPRESSED, SendResult(outcome=Outcome.REJECTED, reason=reason))

    def park(self, message: QueuedMessage, reason: str) -> None:
        """Reject a message that could not be made; the others of its window go on."""
        self._settle(message, MessageState.REJECTED, SendResult(outcome=Outcome.REJECTED, reason=reason))

    def judge(
        self, sent: Iterable[tuple[QueuedMessage, SendResult]], *, order: Order, deduplicates: bool
    ) -> None:
        """Take the adapter's results in."""
        for message, result in sent:
            if result.fault is Fault.CONNECTION and result.outcome in {Outcome.DEFERRED, Outcome.REJECTED}:
                self.unsent.append(message)
                self.fault = _words(result) or "The connection cannot be used."
                continue
            found = retries.verdict(
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
                    outcome=result.outcome if found.state is MessageState.DEFERRED else found.state,
                    provider_ref=_storable(result.provider_ref),
                    code=_storable(result.code),
                    reason="" if result.outcome is Outcome.ACCEPTED else _words(result),
                    again_in=found.again_in,
                )
            )
            if found.state is MessageState.REJECTED and result.fault is Fault.RECIPIENT:
                self.bounces.append(
                    Bounce(lead_id=message.lead_id, address=message.address, reason=_words(result))
                )

    def _settle(self, message: QueuedMessage, state: MessageState, result: SendResult) -> None:
        self.settlements.append(Settlement(id=message.id, state=state, outcome=state, reason=_words(result)))


def complete(results: Sequence[SendResult], expected: int) -> list[SendResult]:
    """Return one result for each message: an adapter that answers too few times leaves them all unknown."""
    return list(results) if len(results) == expected else [NOT_ANSWERED] * expected


def _words(result: SendResult) -> str:
    reason = f"{result.code} {result.reason}" if result.code not in result.reason else result.reason
    return _storable(reason).strip()[:LONGEST_REASON]


def _storable(text: str) -> str:
    """Leave out what PostgreSQL does not store: a peer may say anything, and its words must not stop us."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()
