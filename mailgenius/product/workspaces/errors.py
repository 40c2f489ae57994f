"""What can go wrong with workspaces, people, sessions and keys."""

from mailgenius.kit.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound, Unauthenticated


class WorkspaceNotFound(NotFound):
    """This workspace does not exist."""


class WorkspaceNameTaken(Conflict):
    """Another workspace has this name already."""


class UserNotFound(NotFound):
    """This person does not exist."""


class EmailTaken(Conflict):
    """Somebody with this e-mail address exists already."""


class MemberNotFound(NotFound):
    """This person is not a member of the workspace."""


class AlreadyMember(Conflict):
    """This person is a member of the workspace already."""


class LastOwner(Conflict):
    """A workspace needs at least one owner. Make somebody else an owner first."""


class OnlyOwners(Forbidden):
    """Only an owner can add, change or remove owners."""


class WrongCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""


class TooManyAttempts(LimitReached):
    """Too many failed attempts. Wait {minutes} minutes and try again."""


class WrongPassword(Invalid):
    """The current password is wrong."""


class ApiKeyNotFound(NotFound):
    """This API key does not exist."""


class ApiKeyRefused(Unauthenticated):
    """The API key is missing, unknown or revoked."""


class RequestInFlight(Conflict):
    """A request with this Idempotency-Key is still running. Try again in a moment."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with another request."""
