"""What can go wrong with tracking."""

from mailgenius.kit.errors import Conflict, NotFound


class MessageGone(NotFound):
    """This message is no longer known here."""


class TooLateToReturn(Conflict):
    """This can be taken back for one hour only. Ask the sender to add you again."""
