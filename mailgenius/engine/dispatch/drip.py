"""Handing a paced window over: each message at its place in time, and never one that has missed it.

What is late would come together with those of another engine, so it gives its place up and asks again. And
a peer that answers later than usual has a heap to work off: while it does, nothing is added.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from mailgenius.channels.contract import Fault, Outcome, OutgoingMessage, SendResult

SLICE_S = 0.005
"""Messages whose places lie this close together are handed over at once."""

USUAL_WEIGHT = 0.05
LONGEST_USUAL_S = 5.0


class Answers:
    """How long a peer usually takes to answer, and whether it is behind now. One for each open connection."""

    def __init__(self) -> None:
        self._usual_s = 0.02
        self._asked: dict[int, float] = {}
        self._number = 0

    def ask(self) -> int:
        """Note that something was handed over; return what `answered` wants."""
        self._number += 1
        self._asked[self._number] = time.monotonic()
        return self._number

    def answered(self, number: int) -> None:
        took = time.monotonic() - self._asked.pop(number)
        self._usual_s += USUAL_WEIGHT * (min(took, LONGEST_USUAL_S) - self._usual_s)

    def behind_s(self) -> float:
        """Return by how many seconds the oldest open answer is later than twice the usual."""
        if not self._asked:
            return 0.0
        return time.monotonic() - next(iter(self._asked.values())) - 2 * self._usual_s


HandOver = Callable[[Sequence[OutgoingMessage]], Awaitable[list[SendResult]]]


async def drip(
    messages: Sequence[OutgoingMessage],
    places: Sequence[float],
    *,
    late: float,
    hand_over: HandOver,
    answers: Answers,
    stop: asyncio.Event,
) -> list[SendResult | None]:
    """Hand each message over at its place (monotonic clock) and return the results in order.

    None stands for a message that was not handed over: its place was missed, the connection failed before
    its turn, or `stop` was set. Such a message is as it was.
    """
    results: list[SendResult | None] = [None] * len(messages)
    failed = asyncio.Event()

    async def send(start: int, end: int) -> None:
        number = answers.ask()
        try:
            found = await hand_over(messages[start:end])
        finally:
            answers.answered(number)
        results[start:end] = found
        if any(_breaks_connection(result) for result in found):
            failed.set()

    async with asyncio.TaskGroup() as group:
        start = 0
        while start < len(messages) and not failed.is_set() and not stop.is_set():
            end = start + 1
            while end < len(messages) and places[end] < places[start] + SLICE_S:
                end += 1
            ahead = places[start] - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
                if time.monotonic() - places[start] > late:
                    # The machine was busy: one may still go, so that a slow machine gets on at all.
                    end = start + 1
            elif -ahead > late:
                start += 1
                continue
            if stop.is_set():
                break
            if answers.behind_s() > late:
                start = end
                continue
            group.create_task(send(start, end))
            start = end
    return results


def _breaks_connection(result: SendResult) -> bool:
    return result.fault is Fault.CONNECTION and result.outcome is not Outcome.ACCEPTED
