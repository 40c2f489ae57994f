"""The roles of an installation, and which child process plays which."""

from collections.abc import Sequence
from enum import StrEnum

from mailgenius.kit.errors import invalid


class Role(StrEnum):
    """A part of the work. `mailgenius run --roles` starts some of them; all of them are the default."""

    WEB = "web"
    """Pages and the JSON API."""
    EDGE = "edge"
    """Public endpoints of messages: opens, clicks, unsubscribes, provider callbacks."""
    ENGINE = "engine"
    """Sends messages."""
    JOBS = "jobs"
    """Imports, launches, schedules and upkeep."""


class Child(StrEnum):
    """A kind of child process. The two HTTP roles share one, because they share a port."""

    HTTP = "http"
    ENGINE = "engine"
    JOBS = "jobs"


def parse_roles(text: str) -> tuple[Role, ...]:
    """Read a comma-separated list of roles.

    Raises:
        Invalid: a name is not a role, or there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(Role))
    if unknown or not names:
        known = ", ".join(Role)
        raise invalid(
            "roles", f"must be some of {known}" + (f", not {', '.join(unknown)}" if unknown else "")
        )
    return tuple(role for role in Role if role in names)


def children_of(roles: Sequence[Role]) -> tuple[Child, ...]:
    """Return the child processes that play these roles."""
    wanted = {
        Child.HTTP: Role.WEB in roles or Role.EDGE in roles,
        Child.ENGINE: Role.ENGINE in roles,
        Child.JOBS: Role.JOBS in roles,
    }
    return tuple(child for child, needed in wanted.items() if needed)
