"""The ledger's statements about messages one by one: taken in with data of their own, read, called off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mailgenius.engine.ledger.errors import MessageMissing
from mailgenius.engine.ledger.model import BATCH_SIZE, MessageRow
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message to take in. Its fields are read by the statements."""

    address: str
    lead_id: int | None = None
    data: dict[str, Any] | None = None
    due_at: datetime | None = None
    """Not before this moment; None: at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt of a message. `at` is None where only the outcome is known."""

    number: int
    outcome: str
    code: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageDetail(MessageRow):
    """One message and what is known of its order."""

    order_id: int
    created_at: datetime
    due_at: datetime | None
    """When it will be tried next, while it is deferred."""
    source: str
    source_id: int | None
    channel: str
    priority: int
    connection_id: int | None
    """The order's own; None when the engine chooses."""
    subject: str
    """As the template has it, with its merge fields."""


async def take_messages(
    tx: Tx, *, workspace_id: int, order_id: int, batch_state: str, items: Sequence[Taken]
) -> list[int]:
    rows = await tx.rows(
        _SQL["take-messages"],
        workspace_id=workspace_id,
        order_id=order_id,
        batch_state=batch_state,
        batch_size=BATCH_SIZE,
        items=_json(items),
    )
    return [row[0] for row in rows]


async def schedule_messages(tx: Tx, *, workspace_id: int, order_id: int, items: Sequence[Taken]) -> list[int]:
    rows = await tx.rows(
        _SQL["schedule-messages"], workspace_id=workspace_id, order_id=order_id, items=_json(items)
    )
    return [row[0] for row in rows]


async def data_of(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what templates see as `data`, by message. Messages without any are absent."""
    rows = await tx.rows(_SQL["data-of-messages"], workspace_id=workspace_id, message_ids=list(message_ids))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How far a look at old values came; `last_id` is None when there were none."""

    last_id: int | None
    forgotten: int


async def next_workspace_with_data(tx: Tx, *, after: int) -> int | None:
    found: int | None = await tx.value(_SQL["next-workspace-with-data"], after=after)
    return found


async def sweep_data(tx: Tx, *, workspace_id: int, after_id: int, kept_for: timedelta, limit: int) -> Swept:
    return await tx.one(
        Swept,
        _SQL["sweep-data"],
        workspace_id=workspace_id,
        after_id=after_id,
        kept_for=kept_for,
        limit=limit,
    )


async def cancel_waiting(tx: Tx, *, workspace_id: int, message_id: int) -> bool:
    found: int = await tx.value(
        _SQL["cancel-waiting-message"], workspace_id=workspace_id, message_id=message_id
    )
    return found > 0


async def cancel_queued(tx: Tx, *, workspace_id: int, message_id: int) -> bool:
    found: int = await tx.value(
        _SQL["cancel-queued-message"], workspace_id=workspace_id, message_id=message_id
    )
    return found > 0


async def get_message(tx: Tx, *, workspace_id: int, message_id: int) -> MessageDetail:
    return await tx.one(
        MessageDetail,
        _SQL["get-message"],
        missing=MessageMissing,
        workspace_id=workspace_id,
        message_id=message_id,
    )


async def attempts_of(tx: Tx, *, workspace_id: int, message_id: int) -> list[Attempt]:
    return await tx.all(
        Attempt, _SQL["attempts-of-message"], workspace_id=workspace_id, message_id=message_id
    )


async def newest_messages(
    tx: Tx,
    *,
    workspace_id: int,
    lead_id: int | None,
    address: str | None,
    since: datetime,
    before_id: int,
    limit: int,
) -> list[MessageRow]:
    """Return messages by id, newest first: a lead's, an address's, or the workspace's."""
    page = {"workspace_id": workspace_id, "since": since, "before_id": before_id, "limit": limit}
    if lead_id is not None:
        return await tx.all(MessageRow, _SQL["messages-of-lead"], lead_id=lead_id, **page)
    if address is not None:
        return await tx.all(MessageRow, _SQL["messages-of-address"], address=address, **page)
    return await tx.all(MessageRow, _SQL["newest-messages"], **page)


def _json(items: Sequence[Taken]) -> str:
    return msgspec.json.encode(items).decode()
