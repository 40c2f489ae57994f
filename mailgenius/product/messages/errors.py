"""What can go wrong with messages by API beside values that are not valid."""

from mailgenius.kit.errors import Invalid


class MessageNotSendable(Invalid):
    """This message cannot be sent as it is."""
