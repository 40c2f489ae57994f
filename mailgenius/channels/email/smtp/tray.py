"""The messages of one `send`, shared by the connections that work on them, and their results."""

from collections import deque
from collections.abc import Sequence

from mailgenius.channels.contract import OutgoingMessage, SendResult, Witness
from mailgenius.channels.email.smtp.protocol import PeerTrouble
from mailgenius.channels.email.smtp.replies import lost


class Tray:
    """Hands out each message once, unless it is put back, and keeps one result for each."""

    def __init__(self, messages: Sequence[OutgoingMessage], witness: Witness | None = None) -> None:
        self.messages = messages
        self._witness = witness
        self.trouble: PeerTrouble | None = None
        """Why the last connection that failed did so: the reason given to what is left."""
        self._results: list[SendResult | None] = [None] * len(messages)
        self._waiting = deque(range(len(messages)))

    @property
    def empty(self) -> bool:
        return not self._waiting

    def take(self) -> int | None:
        """Return the index of the next message to send."""
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, index: int) -> None:
        """Offer again, and first, a message of which certainly nothing was handed over."""
        self._waiting.appendleft(index)

    def begin(self, indexes: Sequence[int]) -> None:
        """Note that the peer may have these from now on; before their last bytes are written."""
        if self._witness:
            self._witness.begins([self.messages[index].message_id for index in indexes])

    def settle(self, index: int, result: SendResult) -> None:
        self._results[index] = result
        if self._witness:
            self._witness.ends(self.messages[index].message_id, result)

    def finish(self) -> list[SendResult]:
        """Return the results; what nobody could send is deferred with the reason of the last failure."""
        nobody = self.trouble or PeerTrouble("The message was not sent.")
        return [result or lost(nobody, handed_over=False) for result in self._results]
