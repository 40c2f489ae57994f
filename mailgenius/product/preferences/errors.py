"""What can go wrong with preferences."""

from mailgenius.kit.errors import Conflict, Invalid, LimitReached, NotFound


class TopicNotFound(NotFound):
    """This topic does not exist."""


class TopicKeyTaken(Conflict):
    """A topic with this key exists already; it may be archived."""


class TooManyTopics(LimitReached):
    """A workspace has at most {limit} topics."""


class ChoiceUnclear(Invalid):
    """What was chosen is not clear."""
