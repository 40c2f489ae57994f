"""Whether a connection works, as far as its last messages tell: who is to blame when one breaks it."""

import math
import time
from collections.abc import Iterable

from mailgenius.channels.contract import Fault, Outcome, SendResult
from mailgenius.engine.ledger.model import QueuedMessage

FRESH_S = 600.0
"""How long a message that was taken speaks for its connection."""
MOST_HUNG_UP = 10
"""When more different messages broke the connection since one was taken, it is not the messages."""


class Health:
    """What one connection's messages have met with."""

    def __init__(self) -> None:
        self._accepted_at = -math.inf
        self._hung_up: set[int] = set()

    @property
    def works(self) -> bool:
        """Whether the connection takes messages, so that one that breaks it has itself to blame."""
        return time.monotonic() - self._accepted_at < FRESH_S and len(self._hung_up) <= MOST_HUNG_UP

    def learn(self, sent: Iterable[tuple[QueuedMessage, SendResult]]) -> None:
        """Take in what the connection said to some messages."""
        for message, result in sent:
            if result.fault is Fault.MESSAGE:
                self._hung_up.add(message.id)
        if any(result.outcome is Outcome.ACCEPTED for _, result in sent):
            self._accepted_at = time.monotonic()
            self._hung_up.clear()
