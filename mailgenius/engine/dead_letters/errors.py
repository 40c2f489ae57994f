"""What can go wrong with dead letters."""

from mailgenius.kit.errors import NotFound


class DeadLetterMissing(NotFound):
    """This message is not a dead letter, or somebody has dealt with it."""


class RunMissing(NotFound):
    """This replay or discarding does not exist."""
