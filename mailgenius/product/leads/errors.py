"""What can go wrong with leads."""

from mailgenius.kit.errors import Conflict, LimitReached, NotFound


class LeadNotFound(NotFound):
    """This lead does not exist."""


class IdentityConflict(Conflict):
    """This belongs to another lead: {reason}."""


class BatchTooLarge(LimitReached):
    """A batch holds at most {limit} leads; this one has {size}."""
