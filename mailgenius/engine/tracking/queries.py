"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from mailgenius.engine.tracking.errors import MessageGone
from mailgenius.engine.tracking.model import Recipient, TrackedEvent
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def lock_engagement(tx: Tx, events: Sequence[TrackedEvent]) -> None:
    await tx.execute(
        _SQL["lock-engagement"],
        workspace_ids=[event.workspace_id for event in events],
        message_ids=[event.message_id for event in events],
        order_ids=[event.order_id for event in events],
    )


async def record(tx: Tx, events: Sequence[TrackedEvent]) -> int:
    added = await tx.value(
        _SQL["record"],
        workspace_ids=[event.workspace_id for event in events],
        keys=[event.key for event in events],
        message_ids=[event.message_id for event in events],
        order_ids=[event.order_id for event in events],
        kinds=[event.kind.value for event in events],
        link_nos=[event.link_no for event in events],
        urls=[event.url for event in events],
        machines=[event.machine for event in events],
        user_agents=[event.user_agent for event in events],
        moments=[event.at for event in events],
    )
    return cast("int", added)


async def recipient(tx: Tx, *, workspace_id: int, order_id: int, message_id: int) -> Recipient:
    """Return whom a message went to.

    Raises:
        MessageGone: there is no such message.
    """
    return await tx.one(
        Recipient,
        _SQL["recipient"],
        missing=MessageGone,
        workspace_id=workspace_id,
        order_id=order_id,
        message_id=message_id,
    )


async def take_back(tx: Tx, *, workspace_id: int, message_id: int, unsubscribed_at: datetime) -> None:
    await tx.execute(
        _SQL["take-back"],
        workspace_id=workspace_id,
        message_id=message_id,
        unsubscribed_at=unsubscribed_at,
    )


async def register_links(tx: Tx, *, workspace_id: int, order_id: int, urls: Sequence[str]) -> None:
    await tx.execute(_SQL["register-links"], workspace_id=workspace_id, order_id=order_id, urls=list(urls))


async def make_nameless(
    tx: Tx, *, workspace_id: int, message_ids: Sequence[int], lead_ids: Sequence[int]
) -> int:
    return await tx.execute(
        _SQL["make-nameless"],
        workspace_id=workspace_id,
        message_ids=list(message_ids),
        lead_ids=list(lead_ids),
    )


async def sweep_events(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    return await tx.execute(_SQL["sweep-events"], workspace_id=workspace_id, before=before, limit=limit)


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    return await tx.execute(
        _SQL["follow-lead"], workspace_id=workspace_id, kept_id=kept_id, other_id=other_id
    )
