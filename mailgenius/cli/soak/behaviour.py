"""How a server of the soak behaves, and what it writes down of those who come: shared by mail and HTTP."""

import re
import ssl
import time
import zlib
from typing import TextIO

import msgspec

HUNDRED = 100
HEADERS = {
    name: re.compile(rb"^" + name + rb":\s*<?([^\s>]+)", re.IGNORECASE | re.MULTILINE)
    for name in (b"message-id", b"list-unsubscribe")
}


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How one listener behaves. The same recipient always meets the same answer."""

    name: str
    cut: str = ""
    """Where to hang up: connect, ehlo, starttls, mail, rcpt, data, or dot, which is after the content."""
    every: int = 1
    """Hang up each so many times that the phase is reached."""
    times: int = 0
    """Hang up at most so often."""
    hang_up_on: str = ""
    """Always hang up at DATA for recipients that begin like this."""
    per_connection: int = 0
    """Say goodbye after so many messages on a connection; 0 never does."""
    starttls: bool = False
    reject_percent: int = 0
    reject_words: str = "554 5.7.1 We do not want this"
    """How it rejects: not for dead addresses, because an engine holds an order that has too many of them."""
    defer_percent: int = 0
    """Recipients deferred once, without a word of how long."""
    wait_percent: int = 0
    """Recipients deferred once, with the wait that they are told."""
    wait_s: int = 90
    pause_s: float = 0.0
    """How long to think before the answer to a message."""
    http: bool = False
    """Take e-mails by HTTP instead of SMTP, each key once. Hangs up at `dot` only."""
    busy_every: int = 0
    """Each so many requests by HTTP, say 429 and take nothing for `wait_s`."""


class Listener:
    """What all connections of one behaviour share."""

    def __init__(self, behaviour: Behaviour, record: TextIO, tls: ssl.SSLContext | None) -> None:
        self.behaviour = behaviour
        self.tls = tls
        self._record = record
        self._reached = self._cuts = 0
        self._deferred: set[str] = set()

    def note(self, kind: str, recipient: str = "", message_id: str = "", more: str = "") -> None:
        """Write down what happened: moment, listener, kind, recipient, Message-ID, and more."""
        words = (f"{time.time():.4f}", self.behaviour.name, kind, recipient, message_id, more)
        self._record.write("\t".join(words) + "\n")

    def cuts(self, phase: str, recipient: str = "") -> bool:
        """Say whether to hang up here and now, and count that."""
        if phase != self.behaviour.cut or self._cuts >= self.behaviour.times:
            return False
        self._reached += 1
        if self._reached % self.behaviour.every:
            return False
        self._cuts += 1
        self.note("cut", recipient)
        return True

    def answer_rcpt(self, recipient: str) -> str:
        """Answer RCPT."""
        share, its = zlib.crc32(recipient.encode()) % HUNDRED, self.behaviour
        if share < its.reject_percent:
            self.note("rejected", recipient)
            return its.reject_words
        asked = share >= its.reject_percent + its.defer_percent
        some = share < its.reject_percent + its.defer_percent + its.wait_percent
        if some and recipient not in self._deferred:
            self._deferred.add(recipient)
            self.note("asked" if asked else "deferred", recipient)
            return f"451 4.7.1 Try again in {its.wait_s} seconds" if asked else "451 4.3.0 Not now"
        return "250 2.1.5 Ok"


def header_of(content: bytes, name: bytes) -> str:
    found = HEADERS[name].search(content, 0, max(content.find(b"\r\n\r\n"), 0) or len(content))
    return found[1].decode("utf-8", "replace") if found else ""
