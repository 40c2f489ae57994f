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
from mailgenius.product.preferences import service as preferences
from mailgenius.product.segments import service as segments


async def audience_size(
    tx: Tx, *, workspace_id: int, audience: Audience, channel: Channel, topic_id: int | None = None
) -> int:
    """Count the leads that an audience has now, those who want the topic. Wants a trusted transaction.

    Raises:
        Invalid: it says nobody in particular, or names a segment that cannot be asked.
        TopicNotFound: there is no such topic.
    """
    return await leads.audience_size(
        tx,
        workspace_id=workspace_id,
        audience=audience,
        channel=channel,
        condition=await present_condition(
            tx, workspace_id=workspace_id, audience=audience, topic_id=topic_id
        ),
    )


async def kept_segments(tx: Tx, *, workspace_id: int, audience: Audience) -> dict[str, Any] | None:
    """Return what the segments of an audience say now; None when it names none."""
    named = [*audience.segments.any, *audience.segments.none]
    if not named:
        return None
    return await segments.snapshot(tx, workspace_id=workspace_id, segment_ids=named)


async def present_condition(
    tx: Tx, *, workspace_id: int, audience: Audience, topic_id: int | None = None
) -> Fragment | None:
    """Compile the segments of an audience as they stand now, and its topic; None when it names neither.

    Raises:
        SegmentBroken: one is gone, archived, or no longer fits the fields.
        TopicNotFound: there is no such topic.
    """
    condition = None
    kept = await kept_segments(tx, workspace_id=workspace_id, audience=audience)
    if kept is not None:
        condition = await segments.audience_condition(
            tx,
            workspace_id=workspace_id,
            kept=kept,
            included=audience.segments.any,
            excluded=audience.segments.none,
            now=clock.now(),
        )
    return await _of_topic(tx, condition, workspace_id=workspace_id, topic_id=topic_id)


async def frozen_condition(tx: Tx, *, workspace_id: int, campaign: Campaign) -> Fragment | None:
    """Compile the segments of a launched campaign as they stood at its launch, and its topic, if any.

    "In the last seven days" counts from the launch too, so that every chunk is chosen alike. Who wants the
    topic is asked as of now, and once more when the message is about to leave.
    """
    condition = None
    audience = campaign.audience.segments
    if audience.any or audience.none:
        kept = await queries.frozen_segments(tx, workspace_id=workspace_id, campaign_id=campaign.id)
        condition = await segments.audience_condition(
            tx,
            workspace_id=workspace_id,
            kept=kept or {"trees": {}, "names": {}, "types": {}},
            included=audience.any,
            excluded=audience.none,
            now=campaign.launched_at or clock.now(),
        )
    return await _of_topic(tx, condition, workspace_id=workspace_id, topic_id=campaign.topic_id)


async def _of_topic(
    tx: Tx, condition: Fragment | None, *, workspace_id: int, topic_id: int | None
) -> Fragment | None:
    """Narrow a condition to the leads that want a topic, if there is one."""
    if topic_id is None:
        return condition
    wanting = await preferences.wanting(tx, workspace_id=workspace_id, topic_id=topic_id)
    return wanting if condition is None else both(condition, wanting)


def both(*parts: Fragment) -> Fragment:
    """Return the condition that all of some conditions hold."""
    return Fragment(
        sql=" AND ".join(f"({part.sql})" for part in parts),
        parameters={name: value for part in parts for name, value in part.parameters.items()},
        looks_around=any(part.looks_around for part in parts),
    )
