"""Rows, states and events of the ledger. The tables of transitions are written here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import msgspec

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.events import Event

Recipients = Sequence[tuple[int | None, str]] | Fragment
"""Whom messages are written for: (lead id, address) of each, or a SELECT of them."""

BATCH_SIZE = 1000
"""Most messages in one batch: what an engine takes at a time."""


class MessageState(StrEnum):
    """What is known of one message."""

    QUEUED = "queued"
    SENDING = "sending"
    """Derived, never stored: queued, and inside the open window of a lease."""
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class OrderState(StrEnum):
    """What the engine may do with the messages of an order."""

    FILLING = "filling"
    RUNNING = "running"
    HELD = "held"
    CANCELLED = "cancelled"
    DRAINED = "drained"


class Policy(StrEnum):
    """What to do with a message that was handed over without an answer."""

    PREFER_NO_DUPLICATE = "prefer_no_duplicate"
    PREFER_DELIVERY = "prefer_delivery"


_S = MessageState

TRANSITIONS: Mapping[MessageState, frozenset[MessageState]] = {
    _S.QUEUED: frozenset({_S.SENDING, _S.CANCELLED}),
    # Back to queued: the window was given up before the hand-over, or may be handed over again safely.
    _S.SENDING: frozenset(
        {_S.QUEUED, _S.ACCEPTED, _S.DEFERRED, _S.REJECTED, _S.UNKNOWN, _S.SUPPRESSED, _S.EXPIRED}
    ),
    _S.DEFERRED: frozenset({_S.QUEUED, _S.EXPIRED, _S.CANCELLED}),
    # From here on the provider tells, possibly late and in any order.
    _S.UNKNOWN: frozenset({_S.QUEUED, _S.ACCEPTED, _S.REJECTED, _S.DELIVERED, _S.BOUNCED, _S.COMPLAINED}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.BOUNCED, _S.COMPLAINED}),
    _S.DELIVERED: frozenset({_S.BOUNCED, _S.COMPLAINED}),
    _S.REJECTED: frozenset(),
    _S.SUPPRESSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.BOUNCED: frozenset(),
    _S.COMPLAINED: frozenset(),
}
"""Every step a message may take. A pair that is not here is a no-op for late and repeated news."""

DEAD = frozenset({_S.REJECTED, _S.UNKNOWN, _S.EXPIRED})
"""Ends without success that a person may undo: replayed, it is queued again. News never does that."""

MOVING = frozenset({_S.QUEUED, _S.SENDING, _S.DEFERRED})
"""States that still owe an end. An order is drained when none of its messages is in one."""

ORDER_TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.FILLING: frozenset({OrderState.RUNNING, OrderState.HELD, OrderState.CANCELLED}),
    OrderState.RUNNING: frozenset({OrderState.HELD, OrderState.CANCELLED, OrderState.DRAINED}),
    OrderState.HELD: frozenset({OrderState.FILLING, OrderState.RUNNING, OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset(),
    OrderState.DRAINED: frozenset({OrderState.RUNNING}),
}
"""Every step an order may take. A held order that has nothing left drains when it is released; a drained one
runs again when a dead letter of it is replayed."""


def may_become(old: MessageState, new: MessageState) -> bool:
    """Whether a message in one state may step to the other."""
    return new in TRANSITIONS[old]


@dataclass(frozen=True, kw_only=True)
class OrderContent:
    """How to make the messages of an order, frozen when the order was opened."""

    sender_email: str
    sender_name: str
    reply_to: str
    subject: str
    preheader: str
    html: str
    text: str
    campaign_name: str
    track_opens: bool = True
    track_clicks: bool = True
    sample: bool = False
    """A test send: its unsubscribe links change nothing."""
    leavable: bool = True
    """The message offers a way to leave: in its headers, and at its end when the template has none."""
    transactional: bool = False
    """Sent also to people who unsubscribed: a receipt, a code, what they asked for."""
    has_data: bool = False  # Each message has values of its own, which templates see as `data`.
    about: int | None = None  # What people may have left, as the recipients' source numbers it.


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the engine knows of a campaign, a test send or a call by API."""

    workspace_id: int
    id: int
    source: str
    source_id: int | None
    channel: str
    priority: int
    connection_id: int | None
    """None: the engine chooses one for each batch."""
    policy: Policy
    content: OrderContent
    state: OrderState
    sealed: bool
    per_minute: int | None = None
    """How many of its messages may leave in any minute; None: as fast as they go."""
    per_hour: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What writing messages came to."""

    count: int
    last_lead_id: int | None  # The greatest; None when no lead was among them.


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """The work of one workspace, channel and priority."""

    workspace_id: int
    channel: str
    priority: int
    wake_at: datetime
    served: int
    floor: int
    """What a lane that slept is taken to have been served at least, so that it cannot catch up for ever."""

    @property
    def key(self) -> tuple[int, str, int]:
        return self.workspace_id, self.channel, self.priority


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A batch under our lease."""

    workspace_id: int
    batch_id: int
    order_id: int
    connection_id: int
    """0: the engine has yet to choose one."""
    owner: str
    """Names this very lease: a later lease of the same batch by the same engine has another name."""
    first_id: int
    last_id: int
    size: int
    faults: int
    sticks_to: int | None = None
    """The connection whose peer expects these messages back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiredLease:
    """A lease whose engine has not been heard of, as it was seen."""

    workspace_id: int
    batch_id: int
    order_id: int
    owner: str
    until: datetime | None
    """None: its engine is known to be gone, so the lease need not have run out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The messages that may be on the wire next: queued ones of the batch with ids in [first_id, last_id]."""

    first_id: int
    last_id: int
    size: int
    deduplicates: bool = False


# The next two exist once for each message: a struct is made several times faster than a frozen dataclass.


class QueuedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a claimed batch that waits for its window."""

    id: int
    lead_id: int | None
    address: str
    attempts: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one message of a window, as statements read it: what is as usual is not said."""

    id: int
    """The message's."""
    state: MessageState
    outcome: str | None = None
    """What the attempt itself came to, where that is not the state: an unknown one may be tried again."""
    provider_ref: str = ""
    code: str = ""
    reason: str = ""
    again_in: timedelta | None = None
    """Only with DEFERRED: how long to wait."""
    waits_for: str = ""
    """Only with DEFERRED: why the message was put aside without an attempt; empty after an attempt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What settling came to."""

    owned: bool
    """False when the lease was lost: the batch belongs to somebody else now."""
    opened: bool
    """Whether the next window is open, so that it may be sent."""
    order_state: OrderState | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRow:
    """A message as lists show it."""

    id: int
    lead_id: int | None
    address: str
    state: MessageState
    attempts: int
    provider_ref: str
    error: str
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderDrained(Event):
    """Every message of a sealed or cancelled order has reached an end. Published once for an order."""

    name: ClassVar[str] = "order.drained"

    order_id: int
    source: str
    source_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderHalted(Event):
    """The engine held an order by itself: too many of its messages bounced, or too many people complained."""

    name: ClassVar[str] = "order.halted"

    order_id: int
    source: str
    source_id: int | None
    reason: str
    """`bounces` or `complaints`."""
    count: int
    sent: int
