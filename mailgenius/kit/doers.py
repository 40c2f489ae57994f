"""Who acts: what a transaction knows of whoever opened it, for the log of who did what.

What they may do is a rule of the product (`Actor` of product.workspaces); what is logged is kit.audit.
"""

from dataclasses import dataclass
from enum import StrEnum


class DoerKind(StrEnum):
    """By which way somebody acts."""

    PERSON = "person"
    API_KEY = "api_key"
    COMMAND_LINE = "command_line"
    SYSTEM = "system"
    VISITOR = "visitor"
    """Somebody who is not signed in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doer:
    """Somebody or something that acts."""

    kind: DoerKind
    id: int | None = None
    """Of the person or the API key."""
    name: str = ""
    address: str = ""
    """Of the network that they come from; of a command line, the machine."""


SYSTEM = Doer(kind=DoerKind.SYSTEM)
"""The installation itself: jobs and the engine."""
