"""Leave for a window: which of a batch's next messages may go now, and when each of them may.

Without limits and holds the answer costs nothing. With them it is one short transaction of pacing. A window
is always a stretch of the batch's messages in order, because its marker is a range: messages that cannot go
with the others, for the sake of their mailboxes, are put aside and come back in a batch of their own.
"""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mailgenius.engine.dispatch.senders import LONGEST_WINDOW, Sender
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Order, QueuedMessage
from mailgenius.engine.pacing import service as pacing
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.engine.pacing.mailboxes import MailboxGroup
from mailgenius.engine.pacing.model import Grant, Meter, Rate, Rules, Scope
from mailgenius.engine.pacing.service import Ask
from mailgenius.kit.db.database import Database

ASIDE_FOR = timedelta(seconds=2)
"""How long messages of a group that is short of pace are put aside, to come back by themselves."""
NOTHING = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave:
    """What may be done with the next messages of a batch."""

    window: list[QueuedMessage] = field(default_factory=list)
    place_of: dict[int, float] = field(default_factory=dict)
    """When each message of the window may leave, by its id and the monotonic clock; empty: all at once."""
    late: float = 0.0
    """How many seconds later than its place a message may still leave."""
    aside: list[tuple[QueuedMessage, timedelta, str]] = field(default_factory=list)
    """Messages to put aside, for how long, and what for."""
    wait: timedelta = NOTHING
    """Without a window: how long to wait before asking again."""
    connection_waits: bool = False
    """The wait is the connection's, not only this batch's."""
    ask: Ask | None = None
    grouped: dict[int, MailboxGroup] = field(default_factory=dict)
    """The limited group of each message of the window that is in one, by its id."""

    @property
    def begins_at(self) -> float:
        """Return when the first message may leave, by the monotonic clock."""
        return min(self.place_of.values(), default=0.0)

    @property
    def ends_at(self) -> float:
        """Return when the last message may leave, by the monotonic clock; 0 when all may leave at once."""
        return max(self.place_of.values(), default=0.0)

    @property
    def patient(self) -> bool:
        """Whether the window keeps to the pace of mailboxes alone, and leaves room between for others."""
        return bool(self.ask and self.ask.groups and not self.ask.free)


async def take_leave(
    db: Database,
    *,
    workspace_id: int,
    order: Order,
    sender: Sender,
    mailboxes: Mailboxes,
    waiting: Sequence[QueuedMessage],
) -> Leave:
    """Ask all limits at once for leave to send the next of the waiting messages."""
    rules = sender.rules
    meters = _meters(rules, order, sender.connection.id)
    near = list(waiting[: min(sender.window, _most(meters))])
    if not meters and not rules.sorts_mailboxes:
        return Leave(window=near)
    groups = {item.id: mailboxes.group_of(item.address) for item in near} if rules.sorts_mailboxes else {}
    aside = [
        (item, timedelta(seconds=held), "asked")
        for item in near
        if (held := rules.held_s.get(groups.get(item.id, MailboxGroup.OTHER), 0.0)) and groups
    ]
    if aside:
        gone = {item.id for item, *_ in aside}
        near = [item for item in near if item.id not in gone]
    limited = {item.id: groups[item.id] for item in near if groups.get(item.id) in rules.groups}
    if not near or (not meters and not limited):
        return Leave(window=near, aside=aside)
    ask = Ask(
        on_all=meters,
        groups=Counter(limited.values()),
        group_rates={group: rules.groups[group] for group in limited.values()},
        free=len(near) - len(limited),
        ready=sender.ready_s,
        urgent=order.priority == ledger.URGENT,
    )
    async with db.trusted() as tx:
        grant = await pacing.acquire(tx, workspace_id=workspace_id, ask=ask)
    if not grant.places:
        whole = not limited and all(meter.scope is Scope.CONNECTION for meter in meters)
        return Leave(aside=aside, wait=grant.wait, connection_waits=whole)
    return _chosen(near, limited, grant, aside=aside, ask=ask)


def _chosen(
    near: Sequence[QueuedMessage],
    limited: dict[int, MailboxGroup],
    grant: Grant,
    *,
    aside: list[tuple[QueuedMessage, timedelta, str]],
    ask: Ask,
) -> Leave:
    """Give each granted place to the first message that fits it.

    What stands before the last one and has no place is put aside, because the window's marker covers it.
    """
    queues: dict[MailboxGroup | None, list[QueuedMessage]] = {}
    for item in reversed(near):
        queues.setdefault(limited.get(item.id), []).append(item)
    now = time.monotonic()
    placed = [(queues[group].pop(), now + starts_in) for group, starts_in in grant.places]
    # A message without a limited group is never put aside: the window ends before the first that has no
    # place, and the places behind it are lost.
    end = queues[None][-1].id if queues.get(None) else math.inf
    placed = [(item, at) for item, at in placed if item.id < end]
    last = max((item.id for item, _ in placed), default=0)
    left = [
        (item, ASIDE_FOR, "pace")
        for group, queue in queues.items()
        for item in queue
        if group is not None and item.id < last
    ]
    if not placed:
        return Leave(aside=aside, wait=ASIDE_FOR)
    return Leave(
        window=sorted((item for item, _ in placed), key=lambda item: item.id),
        place_of={item.id: at for item, at in placed},
        late=grant.late,
        aside=[*aside, *left],
        ask=ask,
        grouped={item.id: limited[item.id] for item, _ in placed if item.id in limited},
    )


def _most(meters: Sequence[Meter]) -> int:
    """Return how many messages a stretch of leave can hold at most."""
    step = max((meter.rate.interval for meter in meters), default=0.0)
    return max(1, int(pacing.STRETCH_S / step)) if step else LONGEST_WINDOW


def _meters(rules: Rules, order: Order, connection_id: int) -> list[Meter]:
    """Return the limits that are on every message of this order through this connection."""
    domain = order.content.sender_email.rpartition("@")[2].lower()
    found = (
        Meter(scope=Scope.CONNECTION, key=str(connection_id), rate=rules.connection),
        Meter(
            scope=Scope.ORDER,
            key=str(order.id),
            rate=Rate(per_minute=order.per_minute, per_hour=order.per_hour),
        ),
        Meter(scope=Scope.WORKSPACE, key="", rate=rules.workspace),
        Meter(scope=Scope.DOMAIN, key=domain, rate=rules.domains.get(domain, Rate())),
    )
    return [meter for meter in found if meter.rate.limited]
