"""The event of feedback that no lower area has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailgenius.kit.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressesStopped(Event):
    """Recipients complained, or messages to them came back: these addresses are not written to any more.

    One event for all that was told at once. The list of suppressions says why each is on it.
    """

    name: ClassVar[str] = "addresses.stopped"

    channel: str
    addresses: Mapping[str, str]
    """What was said of each, in words for people."""
