"""The ledger's statements about orders, lanes and claims, one typed function each.

What settles, ends and recovers is in outcomes.py, what only reads in reports.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mailgenius.engine.ledger.errors import OrderMissing
from mailgenius.engine.ledger.model import (
    BATCH_SIZE,
    Claim,
    Lane,
    Order,
    OrderContent,
    OrderState,
    Policy,
    QueuedMessage,
    Recipients,
    Taken,
)
from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx, json_value

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedOrder:
    """An order whose row this transaction holds."""

    id: int
    source: str
    source_id: int | None
    channel: str
    priority: int
    state: OrderState
    sealed: bool
    policy: Policy

    @property
    def may_send(self) -> bool:
        return self.state in {OrderState.FILLING, OrderState.RUNNING}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    source: str
    source_id: int | None


async def insert_order(
    tx: Tx,
    *,
    workspace_id: int,
    source: str,
    source_id: int | None,
    channel: str,
    priority: int,
    connection_id: int | None,
    policy: Policy,
    content: OrderContent,
    per_minute: int | None = None,
    per_hour: int | None = None,
) -> int:
    order_id: int = await tx.value(
        _SQL["insert-order"],
        workspace_id=workspace_id,
        source=source,
        source_id=source_id,
        channel=channel,
        priority=priority,
        connection_id=connection_id,
        policy=policy,
        content=json_value(content),
        per_minute=per_minute,
        per_hour=per_hour,
    )
    return order_id


async def get_order(tx: Tx, *, workspace_id: int, order_id: int) -> Order:
    return await tx.one(
        Order, _SQL["get-order"], missing=OrderMissing, workspace_id=workspace_id, order_id=order_id
    )


async def lock_order(tx: Tx, *, workspace_id: int, order_id: int) -> LockedOrder:
    return await tx.one(
        LockedOrder, _SQL["lock-order"], missing=OrderMissing, workspace_id=workspace_id, order_id=order_id
    )


async def set_order_state(
    tx: Tx, *, workspace_id: int, order_id: int, state: OrderState, sealed: bool
) -> None:
    await tx.execute(
        _SQL["set-order-state"], workspace_id=workspace_id, order_id=order_id, state=state, sealed=sealed
    )


async def drain_order(tx: Tx, *, workspace_id: int, order_id: int) -> tuple[str, int | None] | None:
    """Return the source of the order to the one who marks it drained, else None."""
    row = await tx.first(_Source, _SQL["drain-order"], workspace_id=workspace_id, order_id=order_id)
    return None if row is None else (row.source, row.source_id)


async def insert_messages(
    tx: Tx, *, workspace_id: int, order_id: int, batch_state: str, recipients: Recipients
) -> Taken:
    statement, parameters = _SQL["insert-messages"], dict[str, Any]()
    if isinstance(recipients, Fragment):
        statement, parameters = statement.reading(recipients), dict(recipients.parameters)
    else:
        parameters["lead_ids"] = [lead_id for lead_id, _ in recipients]
        parameters["addresses"] = [address for _, address in recipients]
    return await tx.one(
        Taken,
        statement,
        **{**parameters, "workspace_id": workspace_id, "order_id": order_id},
        batch_state=batch_state,
        batch_size=BATCH_SIZE,
    )


async def wake_lane(tx: Tx, *, workspace_id: int, channel: str, priority: int, unserved: int = 0) -> None:
    """Have a lane looked at, and take back what it was charged for messages that were not sent."""
    await tx.execute(
        _SQL["wake-lane"], workspace_id=workspace_id, channel=channel, priority=priority, unserved=unserved
    )


async def pick_lane(
    tx: Tx, *, skip: Collection[tuple[int, str, int]], most_behind: int, most_priority: int
) -> Lane | None:
    return await tx.first(
        Lane,
        _SQL["pick-lane"],
        most_behind=most_behind,
        most_priority=most_priority,
        skip_workspaces=[key[0] for key in skip],
        skip_channels=[key[1] for key in skip],
        skip_priorities=[key[2] for key in skip],
    )


async def claim_batch(
    tx: Tx, *, lane: Lane, owner: str, lease: timedelta, blocked: Collection[int]
) -> Claim | None:
    return await tx.first(
        Claim,
        _SQL["claim-batch"],
        workspace_id=lane.workspace_id,
        channel=lane.channel,
        priority=lane.priority,
        floor=lane.floor,
        owner=owner,
        lease=lease,
        blocked=list(blocked),
    )


async def note_connection(tx: Tx, *, claim: Claim, connection_id: int) -> None:
    await tx.execute(
        _SQL["note-connection"],
        workspace_id=claim.workspace_id,
        batch_id=claim.batch_id,
        owner=claim.owner,
        connection_id=connection_id,
    )


async def sleep_lane(tx: Tx, *, lane: Lane) -> None:
    await tx.execute(
        _SQL["sleep-lane"],
        workspace_id=lane.workspace_id,
        channel=lane.channel,
        priority=lane.priority,
        seen=lane.wake_at,
    )


async def call_back_batches(tx: Tx) -> int:
    return await tx.execute(_SQL["call-back-batches"])


async def forgotten_lanes(tx: Tx) -> list[tuple[int, str, int]]:
    return [(row[0], row[1], row[2]) for row in await tx.rows(_SQL["forgotten-lanes"])]


async def queued_messages(tx: Tx, *, claim: Claim) -> list[QueuedMessage]:
    rows = await tx.rows(
        _SQL["queued-messages"],
        workspace_id=claim.workspace_id,
        batch_id=claim.batch_id,
        first_id=claim.first_id,
        last_id=claim.last_id,
    )
    return [QueuedMessage(id=row[0], lead_id=row[1], address=row[2], attempts=row[3]) for row in rows]


async def park_batches(tx: Tx, *, workspace_id: int, order_id: int) -> int:
    return await tx.execute(_SQL["park-batches"], workspace_id=workspace_id, order_id=order_id)


async def unpark_batches(tx: Tx, *, workspace_id: int, order_id: int) -> int:
    return await tx.execute(_SQL["unpark-batches"], workspace_id=workspace_id, order_id=order_id)


async def make_partitions(tx: Tx, *, months: int) -> int:
    made: int = await tx.value(_SQL["make-partitions"], months=months)
    return made
