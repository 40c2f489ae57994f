"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.leads.model import Lead
from mailgenius.product.segments.errors import SegmentNotFound
from mailgenius.product.segments.model import CampaignOrder, Segment

_SQL = load_queries(__file__)
_COST_OF_COUNT = replace(_SQL["count-members"], sql="EXPLAIN (FORMAT JSON) " + _SQL["count-members"].sql)


async def lock_segments(tx: Tx, *, workspace_id: int) -> None:
    await tx.execute(_SQL["lock-segments"], workspace_id=workspace_id)


async def create_segment(
    tx: Tx,
    *,
    workspace_id: int,
    name: str,
    tree: Mapping[str, Any],
    uses: Sequence[int],
    created_by: int | None,
) -> Segment:
    return await tx.one(
        Segment,
        _SQL["create-segment"],
        workspace_id=workspace_id,
        name=name,
        tree=json_value(tree),
        uses=list(uses),
        created_by=created_by,
    )


async def update_segment(
    tx: Tx, *, workspace_id: int, segment_id: int, name: str, tree: Mapping[str, Any], uses: Sequence[int]
) -> Segment:
    return await tx.one(
        Segment,
        _SQL["update-segment"],
        missing=SegmentNotFound,
        workspace_id=workspace_id,
        segment_id=segment_id,
        name=name,
        tree=json_value(tree),
        uses=list(uses),
    )


async def archive_segment(tx: Tx, *, workspace_id: int, segment_id: int) -> None:
    await tx.execute(_SQL["archive-segment"], workspace_id=workspace_id, segment_id=segment_id)


async def get_segment(tx: Tx, *, workspace_id: int, segment_id: int) -> Segment:
    return await tx.one(
        Segment,
        _SQL["get-segment"],
        missing=SegmentNotFound,
        workspace_id=workspace_id,
        segment_id=segment_id,
    )


async def segments_naming(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> list[int]:
    rows = await tx.rows(_SQL["segments-naming"], workspace_id=workspace_id, patterns=list(patterns))
    return [row[0] for row in rows]


async def list_segments(
    tx: Tx, *, workspace_id: int, search: str, before_id: int, limit: int
) -> list[Segment]:
    return await tx.all(
        Segment,
        _SQL["list-segments"],
        workspace_id=workspace_id,
        search=search,
        before_id=before_id,
        limit=limit,
    )


async def count_segments(tx: Tx, *, workspace_id: int) -> int:
    found: int = await tx.value(_SQL["count-segments"], workspace_id=workspace_id)
    return found


async def used_segments(tx: Tx, *, workspace_id: int, segment_ids: Sequence[int]) -> list[Segment]:
    return await tx.all(
        Segment, _SQL["used-segments"], workspace_id=workspace_id, segment_ids=list(segment_ids)
    )


async def users_of_segment(tx: Tx, *, workspace_id: int, segment_id: int) -> list[str]:
    rows = await tx.rows(_SQL["users-of-segment"], workspace_id=workspace_id, segment_id=segment_id)
    return [name for (name,) in rows]


async def orders_of_campaigns(
    tx: Tx, *, workspace_id: int, campaign_ids: Sequence[int]
) -> list[CampaignOrder]:
    return await tx.all(
        CampaignOrder,
        _SQL["orders-of-campaigns"],
        workspace_id=workspace_id,
        campaign_ids=list(campaign_ids),
    )


async def recent_campaigns(tx: Tx, *, workspace_id: int, limit: int) -> list[CampaignOrder]:
    return await tx.all(CampaignOrder, _SQL["recent-campaigns"], workspace_id=workspace_id, limit=limit)


async def names_of_imports(tx: Tx, *, workspace_id: int, import_ids: Sequence[int]) -> dict[int, str]:
    return dict(
        await tx.rows(_SQL["names-of-imports"], workspace_id=workspace_id, import_ids=list(import_ids))
    )


async def recent_imports(tx: Tx, *, workspace_id: int, limit: int) -> dict[int, str]:
    return dict(await tx.rows(_SQL["recent-imports"], workspace_id=workspace_id, limit=limit))


async def bounds_of_leads(tx: Tx, *, workspace_id: int) -> tuple[int, int]:
    ((low, high),) = await tx.rows(_SQL["bounds-of-leads"], workspace_id=workspace_id)
    return low, high


async def count_members(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int
) -> int:
    found: int = await tx.value(
        _SQL["count-members"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        **condition.parameters,
    )
    return found


async def cost_of_count(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int
) -> float:
    """What the planner expects a count to cost, in its own unit: about a page read in order."""
    plan: Any = await tx.value(
        _COST_OF_COUNT.narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        **condition.parameters,
    )
    return float(plan[0]["Plan"]["Total Cost"])


async def sample_leads(tx: Tx, *, workspace_id: int, places: Sequence[int], each: int) -> list[int]:
    rows = await tx.rows(_SQL["sample-leads"], workspace_id=workspace_id, places=list(places), each=each)
    return [lead_id for (lead_id,) in rows]


async def members_of_sample(
    tx: Tx, *, workspace_id: int, condition: Fragment, lead_ids: Sequence[int], after_id: int, until_id: int
) -> list[int]:
    await tx.execute(_SQL["look-up-singly"])
    found: list[int] = await tx.value(
        _SQL["members-of-sample"].narrowed(condition),
        workspace_id=workspace_id,
        lead_ids=list(lead_ids),
        after_id=after_id,
        until_id=until_id,
        **condition.parameters,
    )
    await tx.execute(_SQL["look-up-freely"])
    return found


async def stretch_start(tx: Tx, *, workspace_id: int, until_id: int, size: int) -> int | None:
    found: int | None = await tx.value(
        _SQL["stretch-start"], workspace_id=workspace_id, until_id=until_id, size=size
    )
    return found


async def members_in_stretch(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int, limit: int
) -> list[Lead]:
    return await tx.all(
        Lead,
        _SQL["members-in-stretch"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        limit=limit,
        **condition.parameters,
    )


async def members_listed(
    tx: Tx, *, workspace_id: int, condition: Fragment, after_id: int, until_id: int, limit: int
) -> list[Lead]:
    return await tx.all(
        Lead,
        _SQL["members-listed"].narrowed(condition),
        workspace_id=workspace_id,
        after_id=after_id,
        until_id=until_id,
        limit=limit,
        **condition.parameters,
    )


async def plan_for_values(tx: Tx) -> None:
    await tx.execute(_SQL["plan-for-values"])


async def start_counting(tx: Tx, *, workspace_id: int, segment_id: int) -> int:
    return await tx.execute(_SQL["start-counting"], workspace_id=workspace_id, segment_id=segment_id)


async def finish_counting(
    tx: Tx, *, workspace_id: int, segment_id: int, version: int, members: int | None
) -> None:
    await tx.execute(
        _SQL["finish-counting"],
        workspace_id=workspace_id,
        segment_id=segment_id,
        version=version,
        members=members,
    )
