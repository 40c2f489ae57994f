"""What the loop needs from others, given to it when the process is wired."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from mailgenius.channels.contract import MailSigner, OutgoingMessage
from mailgenius.engine.connections.model import Connection, OpenConnection
from mailgenius.engine.ledger.model import Order
from mailgenius.kit.db.transaction import Tx


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a lead at the moment of sending."""

    data: dict[str, Any]
    """What templates see as `lead`."""
    unwanted: str = ""
    """Why the lead does not want what the order is about, in words for people; empty when it does."""
    apart: timedelta | None = None
    """How long after the last message the lead wants the next at the soonest; None: at any time."""


class RecipientSource(Protocol):
    """Knows recipients. A product area implements it."""

    async def recipients(
        self, tx: Tx, *, workspace_id: int, lead_ids: Sequence[int], about: int | None
    ) -> Mapping[int, Recipient]:
        """Return leads by id; one that does not exist any more is not there.

        `about` is what the order's content says it is about.
        """
        ...


class MessageComposer(Protocol):
    """Makes the messages of one order."""

    def compose(
        self, message_id: int, address: str, lead: dict[str, Any], data: dict[str, Any] | None = None
    ) -> OutgoingMessage:
        """Make one message. Whatever this raises costs this message only."""
        ...


class ComposerFactory(Protocol):
    """Prepares the making of an order's messages once."""

    def __call__(self, order: Order) -> MessageComposer: ...


class ConnectionSource(Protocol):
    """Looks connections up and opens them. Implemented over engine.connections."""

    async def get(self, tx: Tx, *, workspace_id: int, connection_id: int) -> Connection: ...

    async def open(self, tx: Tx, *, workspace_id: int, connection_id: int) -> OpenConnection: ...


class SignerSource(Protocol):
    """Knows what signs the mail of a sender. Implemented by engine.sender_domains."""

    async def of_sender(self, workspace_id: int, address: str) -> MailSigner | None:
        """Return it; None when nothing does. Called for each window, so it has to be at hand."""
        ...


class LongestWindow(Protocol):
    """Says how many messages the next window of an order (workspace, id) may hold."""

    def __call__(self, order: tuple[int, int], *, careful: bool) -> int: ...
