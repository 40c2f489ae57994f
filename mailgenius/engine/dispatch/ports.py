"""What the loop needs from others, given to it when the process is wired."""

from collections.abc import Sequence
from typing import Any, Protocol

from mailgenius.channels.contract import MailSigner, OutgoingMessage
from mailgenius.engine.connections.model import Connection, OpenConnection
from mailgenius.engine.ledger.model import Order
from mailgenius.kit.db.transaction import Tx


class RecipientSource(Protocol):
    """Merge data of recipients at the moment of sending. A product area implements it."""

    async def __call__(
        self, tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """Return what templates see as `lead`, by id. A lead that does not exist any more is not there."""
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
