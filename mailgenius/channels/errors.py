"""What can go wrong with a provider's settings or with one message before it reaches a wire.

Trouble with a peer is never raised past an adapter: it is a SendResult. A refused message is raised inside
the storey and turned into a result by the adapter, for that message alone.
"""

from typing import ClassVar

from mailgenius.channels.contract import Fault, Outcome, SendResult
from mailgenius.kit.errors import Invalid, NotFound

REASON_LIMIT = 500
"""Longest `SendResult.reason`, in characters."""


class UnknownProvider(NotFound):
    """There is no provider named {name}."""


class BadConnectionSettings(Invalid):
    """The settings of this connection are not complete."""


class MessageRefused(Invalid):
    """This message cannot be written as an e-mail."""

    fault: ClassVar[Fault] = Fault.POLICY

    def as_result(self) -> SendResult:
        """Say it the way a provider would have said it: refused for good, nothing sent."""
        return SendResult(outcome=Outcome.REJECTED, reason=self.message[:REASON_LIMIT], fault=self.fault)


class HeaderRefused(MessageRefused):
    """The header {header} {reason}."""


class ContentRefused(MessageRefused):
    """The content {reason}."""


class SenderRefused(MessageRefused):
    """The sender address {address} {reason}."""


class RecipientRefused(MessageRefused):
    """The recipient address {address} {reason}."""

    fault = Fault.RECIPIENT


class NeedsSmtpUtf8(MessageRefused):
    """The address {address} needs a mail server that takes international addresses (SMTPUTF8)."""


class TooBigForPeer(MessageRefused):
    """The message has {size} bytes and the mail server takes at most {limit}."""
