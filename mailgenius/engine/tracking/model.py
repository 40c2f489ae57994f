"""What recipients did, and the events that tell it to higher areas."""

import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from mailgenius.kit.events import Event

SPOOL = ("spool", "tracking")
"""Folder under the home for events that wait for the database; all HTTP processes of a machine share it."""
KEY_BYTES = 16
_TIME_BYTES = 8


class TrackingKind(StrEnum):
    """What was done."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"
    REPLIED = "replied"
    """Told by whoever reads the mailbox: see engine/feedback."""


def new_event_key() -> bytes:
    """Make the key of an event: time first, so that keys of one moment lie together in the index."""
    return time.time_ns().to_bytes(_TIME_BYTES) + os.urandom(KEY_BYTES - _TIME_BYTES)


def key_of_reply(message_id: int) -> bytes:
    """Make the key of the one reply to a message that counts."""
    return b"replied:" + message_id.to_bytes(KEY_BYTES - _TIME_BYTES)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedEvent:
    """One thing that a recipient, or a machine on the way, did with a message."""

    kind: TrackingKind
    workspace_id: int
    order_id: int
    message_id: int
    at: datetime
    link_no: int = 0
    url: str = ""
    machine: bool = False
    user_agent: str = ""
    key: bytes = field(default_factory=new_event_key)
    """Made once, where the event was seen: an event that is written twice counts once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whom a message went to."""

    lead_id: int | None
    channel: str
    address: str
    sender: str
    """Who it came from, as the recipient saw it."""
    unsubscribed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientUnsubscribed(Event):
    """A recipient asked for no more messages. Published once, until they come back."""

    name: ClassVar[str] = "recipient.unsubscribed"

    message_id: int
    lead_id: int | None
    channel: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientReturned(Event):
    """A recipient took their unsubscribing back at once, on the page that confirmed it."""

    name: ClassVar[str] = "recipient.returned"

    message_id: int
    lead_id: int | None
    channel: str
    address: str
