"""What a mailbox provider's words ask of us beyond the one message: to leave all its mailboxes alone a while.

The table follows what the providers publish and what large senders share; the most precise rule is first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.channels.contract import Outcome, SendResult

_M = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """Words, and how long nothing should leave to the mailboxes of whoever said them."""

    words: re.Pattern[str]
    wait: timedelta


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


REACTIONS: Sequence[Reaction] = (
    # Gmail: stop for at least ten minutes, then begin again with one connection and add slowly.
    Reaction(words=_words(r"\b4\.7\.28\b"), wait=10 * _M),
    # Yahoo's classes of complaints about a sender's address.
    Reaction(words=_words(r"\[(?:IPTS05|TSS05)\]"), wait=240 * _M),
    Reaction(words=_words(r"\[(?:TS0[1-4]|TSS04)\]"), wait=120 * _M),
    # Microsoft.
    Reaction(words=_words(r"\bserver busy\b|\b4\.7\.500\b|\[S775\]|\b4\.7\.650\b"), wait=30 * _M),
    Reaction(words=_words(r"rate limited due to IP reputation"), wait=90 * _M),
)


def hold_for(result: SendResult) -> timedelta | None:
    """Return how long the recipient's whole group of mailboxes should be left alone; None: go on.

    A longer wait that the words ask for themselves is honoured.
    """
    if result.outcome is not Outcome.DEFERRED:
        return None
    text = f"{result.code} {result.reason}"
    for reaction in REACTIONS:
        if reaction.words.search(text):
            return max(reaction.wait, result.retry_after or reaction.wait)
    return None
