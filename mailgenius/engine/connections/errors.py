"""What can go wrong with connections."""

from mailgenius.kit.errors import Conflict, NotFound


class ConnectionMissing(NotFound):
    """This connection does not exist."""


class ConnectionNameTaken(Conflict):
    """There is a connection with this name already. Choose another name."""


class ConnectionArchived(Conflict):
    """This connection is archived and can no longer be changed."""


class ConnectionInUse(Conflict):
    """Messages are still waiting to be sent through this connection. Cancel them or let them finish first."""
