"""The statements of the reports, one typed function each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.analytics.model import (
    BOUNCED,
    SENT,
    EventCount,
    HourPoint,
    LinkResult,
    StateCount,
    TimelineItem,
)

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """All figures of one day."""

    day: date
    sent: int
    bounced: int
    opened: int
    clicked: int
    unsubscribed: int


async def counts_of_orders(tx: Tx, *, workspace_id: int, order_ids: Sequence[int]) -> list[StateCount]:
    return await tx.all(
        StateCount, _SQL["counts-of-orders"], workspace_id=workspace_id, order_ids=list(order_ids)
    )


async def events_of_orders(tx: Tx, *, workspace_id: int, order_ids: Sequence[int]) -> list[EventCount]:
    return await tx.all(
        EventCount, _SQL["events-of-orders"], workspace_id=workspace_id, order_ids=list(order_ids)
    )


async def links_of_order(tx: Tx, *, workspace_id: int, order_id: int) -> list[LinkResult]:
    return await tx.all(LinkResult, _SQL["links-of-order"], workspace_id=workspace_id, order_id=order_id)


async def hours_of_order(tx: Tx, *, workspace_id: int, order_id: int, limit: int) -> list[HourPoint]:
    return await tx.all(
        HourPoint,
        _SQL["hours-of-order"],
        workspace_id=workspace_id,
        order_id=order_id,
        sent=_names(SENT),
        limit=limit,
    )


async def days_of_workspace(
    tx: Tx, *, workspace_id: int, timezone: str, now: datetime, days: int
) -> list[Day]:
    return await tx.all(
        Day,
        _SQL["days-of-workspace"],
        workspace_id=workspace_id,
        timezone=timezone,
        now=now,
        days=days,
        sent=_names(SENT),
        bounced=_names(BOUNCED),
    )


async def timeline_of_lead(tx: Tx, *, workspace_id: int, lead_id: int, limit: int) -> list[TimelineItem]:
    return await tx.all(
        TimelineItem,
        _SQL["timeline-of-lead"],
        workspace_id=workspace_id,
        lead_id=lead_id,
        limit=limit,
    )


def _names(states: Iterable[MessageState]) -> list[str]:
    return sorted(state.value for state in states)
