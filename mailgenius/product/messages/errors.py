"""What can go wrong with messages by API beside values that are not valid."""

from mailgenius.kit.errors import Conflict, Invalid


class MessageNotSendable(Invalid):
    """This message cannot be sent as it is."""


class MessageNotSettled(Conflict):
    """Whether this message left is not written down yet. Tell it again in a minute."""


class EventsNotValid(Invalid):
    """This cannot have happened to the message."""
