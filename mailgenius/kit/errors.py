"""The error family. Every error that a caller can act on descends from MailGeniusError.

    MailGeniusError
    ├── NotFound          the thing does not exist for this caller
    ├── Conflict          the thing is not in a state that allows this
    ├── Forbidden         the caller may not do this
    ├── Unauthenticated   nobody is signed in, or the key is wrong
    ├── Invalid           the input is wrong; `problems` says where
    ├── LimitReached      too much, too often, too large
    └── Unavailable       a part we need is away; trying later may help

An area's own errors live in its errors.py. The class docstring's first paragraph is the message a person
reads, as an English message id; placeholders in braces are filled from the constructor's keywords. Doors map
the kind to an HTTP status, a page or an exit code; nothing below a door names a status code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from typing import ClassVar


class Kind(StrEnum):
    """What sort of trouble an error is. Doors decide on it."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    INVALID = "invalid"
    LIMIT = "limit"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of the input."""

    field: str
    message: str


class MailGeniusError(Exception):
    """Something went wrong."""

    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self, *, problems: Sequence[Problem] = (), **values: object) -> None:
        self.problems = tuple(problems)
        self.values = values
        super().__init__(self.message)

    @classmethod
    def message_id(cls) -> str:
        """Return the untranslated message: the first paragraph of the class docstring, on one line."""
        first = cleandoc(cls.__doc__ or "Something went wrong.").split("\n\n")[0]
        return " ".join(first.split())

    @property
    def message(self) -> str:
        return self.message_id().format_map({key: str(value) for key, value in self.values.items()})


class NotFound(MailGeniusError):
    """This does not exist."""

    kind = Kind.NOT_FOUND


class Conflict(MailGeniusError):
    """This cannot be done in the present state."""

    kind = Kind.CONFLICT


class Forbidden(MailGeniusError):
    """You are not allowed to do this."""

    kind = Kind.FORBIDDEN


class Unauthenticated(MailGeniusError):
    """Sign in first."""

    kind = Kind.UNAUTHENTICATED


class Invalid(MailGeniusError):
    """Some of the values are not valid."""

    kind = Kind.INVALID


class LimitReached(MailGeniusError):
    """That is more than is allowed. Wait a little and try again."""

    kind = Kind.LIMIT


class Unavailable(MailGeniusError):
    """A part of the system is away for the moment. Try again soon."""

    kind = Kind.UNAVAILABLE


def invalid(field: str, message: str) -> Invalid:
    """Build an Invalid error about one field."""
    return Invalid(problems=[Problem(field, message)])
