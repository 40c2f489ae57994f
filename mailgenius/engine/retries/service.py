"""Outcome in, verdict out: again at some time, given up, or over."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.channels.contract import Channel, Outcome, SendResult
from mailgenius.engine.ledger.model import MessageState, Policy

_M = timedelta(minutes=1)
_H = timedelta(hours=1)

SCHEDULES: Mapping[Channel, tuple[timedelta, ...]] = {
    # Quick at first for greylisting, then patient: the last attempt comes 64 hours after the first, and the
    # next would come after more than 72.
    Channel.EMAIL: (
        _M,
        5 * _M,
        15 * _M,
        30 * _M,
        _H,
        2 * _H,
        4 * _H,
        8 * _H,
        12 * _H,
        12 * _H,
        12 * _H,
        12 * _H,
    ),
    Channel.SMS: (_M, 5 * _M, 15 * _M, 30 * _M, _H, 2 * _H),
    Channel.WHATSAPP: (_M, 5 * _M, 15 * _M, 30 * _M, _H, 2 * _H, 4 * _H, 8 * _H),
}
"""How long to wait after each attempt that came to nothing. After the last entry a message is given up."""

JITTER = 0.2
SHORT_WAITS = 3
"""So often a wait that is shorter than the schedule's is kept, when the provider asks for it."""

AFTER_CONNECTION_FAULT = tuple(timedelta(seconds=s) for s in (5, 10, 20, 40, 80, 160, 300))
"""How long a connection that cannot be used is left alone, by how often in a row it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of a message after an attempt."""

    state: MessageState
    again_in: timedelta | None = None


_ACCEPTED = Verdict(state=MessageState.ACCEPTED)
_REJECTED = Verdict(state=MessageState.REJECTED)


def verdict(
    result: SendResult, *, attempts: int, channel: Channel, policy: Policy, deduplicates: bool
) -> Verdict:
    """Judge an attempt.

    Args:
        result: what the adapter said. A connection's own fault is not judged here: it is no attempt.
        attempts: how many attempts the message had before this one.
        channel: whose schedule applies.
        policy: what the order wants when nobody knows whether a message was taken.
        deduplicates: whether the provider drops a second hand-over.
    """
    if result.outcome is Outcome.ACCEPTED:
        return _ACCEPTED
    if result.outcome is Outcome.REJECTED:
        return _REJECTED
    if result.outcome is Outcome.UNKNOWN and not deduplicates and policy is Policy.PREFER_NO_DUPLICATE:
        return Verdict(state=MessageState.UNKNOWN)
    wait = next_wait(attempts=attempts, channel=channel, asked=result.retry_after)
    if wait is not None:
        return Verdict(state=MessageState.DEFERRED, again_in=wait)
    if result.outcome is Outcome.UNKNOWN:
        return Verdict(state=MessageState.UNKNOWN)
    return Verdict(state=MessageState.EXPIRED)


def next_wait(*, attempts: int, channel: Channel, asked: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after one more failed attempt; None when it was the last.

    The wait varies by a fifth, so that messages deferred together do not all come back together. A wait that
    the provider asked for is kept as it is; only who asks for short ones again and again gets the schedule's.
    """
    schedule = SCHEDULES[channel]
    if attempts >= len(schedule):
        return None
    wait = schedule[attempts] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # Spreads load, hides nothing.
    if asked is None:
        return wait
    return asked if attempts < SHORT_WAITS else max(asked, wait)


def connection_wait(faults: int) -> timedelta:
    """Return how long to leave a connection alone that failed this many times in a row, at least once."""
    return AFTER_CONNECTION_FAULT[min(faults, len(AFTER_CONNECTION_FAULT)) - 1]
