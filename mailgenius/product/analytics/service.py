"""The reports. Every figure comes from counters and roll-ups that are kept as things happen."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.analytics import queries
from mailgenius.product.analytics.model import (
    BOUNCED,
    DELIVERED,
    SENT,
    CampaignResults,
    Dashboard,
    DayPoint,
    EventCount,
    Summary,
    TimelineItem,
)
from mailgenius.product.leads import service as leads

DAYS = 30
HOURS = int(timedelta(days=14) / timedelta(hours=1))
"""Hours that a report draws at most."""
_NOTHING = EventCount(order_id=0, kind="", n=0, n_first=0, n_machine=0)


async def campaign_results(tx: Tx, *, workspace_id: int, order_id: int) -> CampaignResults:
    """Report what became of an order. One that does not exist here has nothing to report."""
    counts = (await _counts(tx, workspace_id=workspace_id, order_ids=[order_id])).get(order_id, {})
    events = (await _events(tx, workspace_id=workspace_id, order_ids=[order_id])).get(order_id, {})
    opens, clicks = events.get("open", _NOTHING), events.get("click", _NOTHING)
    hours = await queries.hours_of_order(tx, workspace_id=workspace_id, order_id=order_id, limit=HOURS)
    return CampaignResults(
        counts=counts,
        total=sum(counts.values()),
        sent=_in(counts, SENT),
        delivered=_in(counts, DELIVERED),
        bounced=_in(counts, BOUNCED),
        opened=opens.n,
        opened_unique=opens.n_first,
        opened_machine=opens.n_machine,
        clicked=clicks.n,
        clicked_unique=clicks.n_first,
        clicked_machine=clicks.n_machine,
        replied=events.get("replied", _NOTHING).n,
        unsubscribed=events.get("unsubscribe", _NOTHING).n_first,
        links=await queries.links_of_order(tx, workspace_id=workspace_id, order_id=order_id),
        hours=hours[::-1],
    )


async def campaign_summaries(tx: Tx, *, workspace_id: int, order_ids: Sequence[int]) -> dict[int, Summary]:
    """Report on many orders in two statements, for lists."""
    if not order_ids:
        return {}
    counts = await _counts(tx, workspace_id=workspace_id, order_ids=order_ids)
    events = await _events(tx, workspace_id=workspace_id, order_ids=order_ids)
    return {
        order_id: Summary(
            total=sum(counts[order_id].values()),
            sent=_in(counts[order_id], SENT),
            opened_unique=events[order_id].get("open", _NOTHING).n_first,
            clicked_unique=events[order_id].get("click", _NOTHING).n_first,
            bounced=_in(counts[order_id], BOUNCED),
            unsubscribed=events[order_id].get("unsubscribe", _NOTHING).n_first,
        )
        for order_id in order_ids
    }


async def dashboard(tx: Tx, *, workspace_id: int, timezone: str = "UTC") -> Dashboard:
    """Report on a workspace: its leads now, and the last 30 days of its own time zone."""
    by_status = await leads.counts(tx, workspace_id=workspace_id)
    days = await queries.days_of_workspace(
        tx, workspace_id=workspace_id, timezone=timezone, now=clock.now(), days=DAYS
    )
    return Dashboard(
        leads_total=sum(by_status.values()),
        leads_by_status=by_status,
        sent=sum(day.sent for day in days),
        opened=sum(day.opened for day in days),
        clicked=sum(day.clicked for day in days),
        unsubscribed=sum(day.unsubscribed for day in days),
        bounced=sum(day.bounced for day in days),
        days=[DayPoint(day=day.day, sent=day.sent, opened=day.opened, clicked=day.clicked) for day in days],
    )


async def lead_timeline(tx: Tx, *, workspace_id: int, lead_id: int, limit: int = 50) -> list[TimelineItem]:
    """Tell what happened to a lead, the newest first."""
    return await queries.timeline_of_lead(tx, workspace_id=workspace_id, lead_id=lead_id, limit=limit)


async def _counts(
    tx: Tx, *, workspace_id: int, order_ids: Sequence[int]
) -> defaultdict[int, dict[MessageState, int]]:
    found: defaultdict[int, dict[MessageState, int]] = defaultdict(dict)
    for row in await queries.counts_of_orders(tx, workspace_id=workspace_id, order_ids=order_ids):
        found[row.order_id][row.state] = row.n
    return found


async def _events(
    tx: Tx, *, workspace_id: int, order_ids: Sequence[int]
) -> defaultdict[int, dict[str, EventCount]]:
    found: defaultdict[int, dict[str, EventCount]] = defaultdict(dict)
    for row in await queries.events_of_orders(tx, workspace_id=workspace_id, order_ids=order_ids):
        found[row.order_id][row.kind] = row
    return found


def _in(counts: Mapping[MessageState, int], states: frozenset[MessageState]) -> int:
    return sum(n for state, n in counts.items() if state in states)
