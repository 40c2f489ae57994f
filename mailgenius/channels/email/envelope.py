"""The envelope of a message: the two addresses a mail server is told, checked before any wire sees them."""

from typing import NamedTuple

from mailgenius.channels.contract import OutgoingMessage
from mailgenius.channels.email.addresses import BadAddress, wire_address
from mailgenius.channels.errors import RecipientRefused, SenderRefused


class Envelope(NamedTuple):
    """Addresses with their domains in ASCII."""

    sender: str
    """Empty for the null sender."""
    recipient: str

    @property
    def needs_utf8(self) -> bool:
        return not (self.sender.isascii() and self.recipient.isascii())


def envelope_of(message: OutgoingMessage) -> Envelope:
    """Return the envelope. Raises RecipientRefused or SenderRefused."""
    try:
        recipient = wire_address(message.recipient)
    except BadAddress as error:
        raise RecipientRefused(address=ascii(message.recipient), reason=error) from error
    try:
        sender = wire_address(message.sender) if message.sender else ""
    except BadAddress as error:
        raise SenderRefused(address=ascii(message.sender), reason=error) from error
    return Envelope(sender, recipient)
