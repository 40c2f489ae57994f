"""A segment as one more part of the filter of leads: for their list, for acts on many and for exports.

What the segment says when it is asked is kept, with the moment, and compiled again for each part of the work:
who changes it meanwhile changes nothing, and "in the last 7 days" ends when it was asked for.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit, decode_cursor, encode_cursor
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import Membership, Wanted
from mailgenius.product.leads.model import LeadPage, LeadSort
from mailgenius.product.segments.model import Estimate
from mailgenius.product.segments.service.audiences import audience_condition, snapshot
from mailgenius.product.segments.service.counting import condition_of, estimate_of, members_of
from mailgenius.product.segments.service.writing import get


async def within(tx: Tx, *, workspace_id: int, segment_id: int | None, wanted: Wanted) -> Wanted:
    """Return a filter held to the members of a segment; without one, as it is. Wants a trusted transaction.

    Raises:
        SegmentNotFound: this workspace has no such segment.
        SegmentBroken: it is archived, or no longer fits the fields.
        Invalid: a field of the filter does not exist, or a value does not fit it.
    """
    if segment_id is None:
        return wanted
    await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    kept = await snapshot(tx, workspace_id=workspace_id, segment_ids=[segment_id])
    kept |= {"segment_id": segment_id, "asked_at": clock.now().isoformat()}
    condition = await kept_condition(tx, workspace_id=workspace_id, kept=kept)
    both = await leads.narrowed(tx, workspace_id=workspace_id, wanted=wanted, members=condition)
    size = await estimate_of(tx, workspace_id, both)
    return replace(
        wanted,
        members=Membership(condition=condition, kept=kept, about=size.members, counted=size.exact),
    )


async def kept_condition(tx: Tx, *, workspace_id: int, kept: Mapping[str, Any]) -> Fragment:
    """Compile what `within` has kept of a segment."""
    return await audience_condition(
        tx,
        workspace_id=workspace_id,
        kept=dict(kept),
        included=[kept["segment_id"]],
        excluded=[],
        now=datetime.fromisoformat(kept["asked_at"]),
    )


async def list_leads(
    tx: Tx,
    *,
    workspace_id: int,
    segment_id: int | None,
    wanted: Wanted,
    sort: LeadSort = LeadSort.NEWEST,
    limit: int | None = None,
    cursor: str | None = None,
) -> LeadPage:
    """Return a page of the leads that a filter shows, of a segment or of all. Wants a trusted transaction.

    A page of a segment looks through a bounded number of leads, the newest first: it may be short, even
    empty, and still have a next one.

    Raises:
        SegmentNotFound, SegmentBroken: the segment cannot be asked.
        Invalid: a field of the filter does not exist, a value does not fit it, or the order is not offered.
    """
    if segment_id is None:
        return await leads.list_wanted(
            tx, workspace_id=workspace_id, wanted=wanted, sort=sort, limit=limit, cursor=cursor
        )
    if sort is not LeadSort.NEWEST:
        raise invalid("sort", "members of a segment are listed newest first")
    key = decode_cursor(cursor, tuple[int, int, bool])
    members = await condition_of(tx, workspace_id=workspace_id, segment_id=segment_id)
    both = await leads.narrowed(tx, workspace_id=workspace_id, wanted=wanted, members=members)
    size = Estimate(members=key[1], exact=key[2]) if key else await estimate_of(tx, workspace_id, both)
    before = key[0] if key else None
    items, reached = await members_of(tx, workspace_id, both, limit=checked_limit(limit), before=before)
    if key is None and reached is None:
        size = Estimate(members=len(items), exact=True)
    return LeadPage(
        items=items,
        next_cursor=encode_cursor(reached, size.members, size.exact) if reached else None,
        total=size.members,
        total_is_estimate=not size.exact,
    )
