"""The event of feedback that no lower area has."""

from dataclasses import dataclass
from typing import ClassVar

from mailgenius.kit.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressComplained(Event):
    """A recipient called a message spam. Published once for a message."""

    name: ClassVar[str] = "address.complained"

    message_id: int
    lead_id: int | None
    channel: str
    address: str
