"""What can go wrong with sender domains."""

from mailgenius.kit.errors import Conflict, NotFound


class DomainMissing(NotFound):
    """This sender domain does not exist."""


class DomainTaken(Conflict):
    """This workspace has this sender domain already."""


class NothingPublished(Conflict):
    """The DNS does not show the record of a key yet. Publish it, check the DNS, and then sign."""


class KeyWaiting(Conflict):
    """A new key waits for its DNS record already. Publish it and check the DNS."""
