"""What a caller asks for, and what becomes of it. Made by the thousand a second, so structs. No I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mailgenius.engine.ledger.model import OrderContent, Policy
from mailgenius.kit.errors import Problem

MOST_AT_ONCE = 1000
"""Messages of one call."""
FURTHEST = timedelta(days=366)
"""How far ahead a message may be scheduled."""
TRANSACTIONAL_PRIORITY = 0
CAMPAIGN_PRIORITY = 10


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says, given with the call instead of a template."""

    subject: str = ""
    preheader: str = ""
    html: str = ""
    mjml: str = ""
    text: str = ""


class Make(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that messages of one order have in common."""

    channel: str = "email"
    template_id: int | None = None
    words: Words | None = None
    """Instead of a template."""
    sender_email: str = ""
    """Empty: the workspace's own sender."""
    sender_name: str = ""
    reply_to: str = ""
    connection_id: int | None = None
    """None: the engine chooses for each batch, by sender, weight and what is left of the limits."""
    priority: int = TRANSACTIONAL_PRIORITY
    transactional: bool = False
    """Also to people who unsubscribed. Never to addresses that bounced, complained or are blocked."""
    unsubscribe: bool = False
    """Offer a way to leave in headers and footer."""
    track_opens: bool = True
    track_clicks: bool = True
    policy: Policy = Policy.PREFER_NO_DUPLICATE


class MessageInput(msgspec.Struct, frozen=True, kw_only=True):
    """One message to send: to a lead or to an address."""

    make: Make
    to: str = ""
    lead_id: int | None = None
    data: dict[str, Any] | None = None
    """What templates see as `data`."""
    send_at: datetime | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message of a call: its id, or why it was not taken."""

    id: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A make with everything found out: what an order is opened with."""

    key: bytes
    channel: str
    connection_id: int | None
    priority: int
    policy: Policy
    content: OrderContent
