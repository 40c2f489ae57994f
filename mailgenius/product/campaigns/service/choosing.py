"""Who a campaign is for: its segments as they stand now, or as they stood at its launch, as a condition."""

from typing import Any

from mailgenius.channels.contract import Channel
from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import Campaign
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Audience
from mailgenius.product.segments import service as segments


async def audience_size(tx: Tx, *, workspace_id: int, audience: Audience, channel: Channel) -> int:
    """Count the leads that an audience has now. Wants a trusted transaction.

    Raises:
        Invalid: it says nobody in particular, or names a segment that cannot be asked.
    """
    return await leads.audience_size(
        tx,
        workspace_id=workspace_id,
        audience=audience,
        channel=channel,
        condition=await present_condition(tx, workspace_id=workspace_id, audience=audience),
    )


async def kept_segments(tx: Tx, *, workspace_id: int, audience: Audience) -> dict[str, Any] | None:
    """Return what the segments of an audience say now; None when it names none."""
    named = [*audience.segments.any, *audience.segments.none]
    if not named:
        return None
    return await segments.snapshot(tx, workspace_id=workspace_id, segment_ids=named)


async def present_condition(tx: Tx, *, workspace_id: int, audience: Audience) -> Fragment | None:
    """Compile the segments of an audience as they stand now; None when it names none.

    Raises:
        SegmentBroken: one is gone, archived, or no longer fits the fields.
    """
    kept = await kept_segments(tx, workspace_id=workspace_id, audience=audience)
    if kept is None:
        return None
    return await segments.audience_condition(
        tx,
        workspace_id=workspace_id,
        kept=kept,
        included=audience.segments.any,
        excluded=audience.segments.none,
        now=clock.now(),
    )


async def frozen_condition(tx: Tx, *, workspace_id: int, campaign: Campaign) -> Fragment | None:
    """Compile the segments of a launched campaign as they stood at its launch; None when it names none.

    "In the last seven days" counts from the launch too, so that every chunk is chosen alike.
    """
    audience = campaign.audience.segments
    if not audience.any and not audience.none:
        return None
    kept = await queries.frozen_segments(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    return await segments.audience_condition(
        tx,
        workspace_id=workspace_id,
        kept=kept or {"trees": {}, "names": {}, "types": {}},
        included=audience.any,
        excluded=audience.none,
        now=campaign.launched_at or clock.now(),
    )
