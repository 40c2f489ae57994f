"""Exit codes: one for each kind of error, so that scripts can tell them apart."""

from enum import IntEnum

from mailgenius.kit.errors import Kind, MailGeniusError


class Exit(IntEnum):
    """What the shell is told."""

    OK = 0
    DEFECT = 1
    """Something unexpected, or a check that found problems."""
    INVALID = 2
    """A wrong option, argument or value."""
    NOT_FOUND = 3
    CONFLICT = 4
    FORBIDDEN = 5
    LIMIT = 6
    UNAVAILABLE = 7


_BY_KIND = {
    Kind.INVALID: Exit.INVALID,
    Kind.NOT_FOUND: Exit.NOT_FOUND,
    Kind.CONFLICT: Exit.CONFLICT,
    Kind.FORBIDDEN: Exit.FORBIDDEN,
    Kind.UNAUTHENTICATED: Exit.FORBIDDEN,
    Kind.LIMIT: Exit.LIMIT,
    Kind.UNAVAILABLE: Exit.UNAVAILABLE,
}


def exit_of(error: MailGeniusError) -> Exit:
    return _BY_KIND[error.kind]
