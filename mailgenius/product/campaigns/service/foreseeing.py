"""Whom the next chunk of a freeze may be for, found out while the chunk before it is still being written.

What segments ask is the slow half of a freeze, and only reads. So it is judged ahead, in a transaction of
its own; the chunk's transaction then asks anew what may have changed meanwhile: that the lead is still there,
active, reached by the channel and held by the tags. Nothing of this is stored: who was killed judges again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.campaigns.service.choosing import frozen_condition
from mailgenius.product.campaigns.service.warming import ONLY_PASS
from mailgenius.product.leads import service as leads

FIRST_STRETCH, MAX_STRETCH = 2_000, 200_000
"""Leads judged by one statement: few at first, so that some messages leave soon."""
FIRST_FOUND, FOUND = 500, 10_000
"""So many are enough for a chunk."""
MAX_JUDGED = 1_000_000
"""Leads judged for one chunk, however few of them are found: a transaction has an end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """The leads of a stretch that fulfil what the segments of a campaign ask."""

    after_id: int
    until_id: int
    """The last lead that was judged."""
    lead_ids: Sequence[int]
    is_last: bool
    """No lead of the audience comes after it."""
    stretch: int
    """How many leads the next statement had better judge, for a chunk of the usual size."""


async def foresee(
    tx: Tx, *, workspace_id: int, campaign_id: int, behind: Foreseen | None = None
) -> Foreseen | None:
    """Judge the leads that come after some, or after those written down. Wants a trusted transaction.

    None when there is nothing to judge ahead: another state, no such condition, or the end was reached.
    """
    campaign = await queries.get_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    freeze_pass = await queries.get_pass(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.FREEZING or (behind is not None and behind.is_last):
        return None
    condition = await frozen_condition(tx, workspace_id=workspace_id, campaign=campaign)
    if not is_foreseeable(condition, freeze_pass):
        return None
    return await judge(tx, workspace_id=workspace_id, campaign=campaign, condition=condition, behind=behind)


def is_foreseeable(condition: Fragment | None, freeze_pass: int) -> TypeGuard[Fragment]:
    """Say whether a condition is asked of stretches of leads, once for the whole audience."""
    return condition is not None and condition.looks_around and freeze_pass == ONLY_PASS


async def judge(
    tx: Tx, *, workspace_id: int, campaign: Campaign, condition: Fragment, behind: Foreseen | None = None
) -> Foreseen:
    """Judge leads stretch by stretch until enough for a chunk are found."""
    begin = campaign.frozen_to if behind is None else behind.until_id
    stop = campaign.frozen_until or 0
    enough = FOUND if begin else FIRST_FOUND
    size = behind.stretch if behind else FIRST_STRETCH
    found: list[int] = []
    here, judged = begin, 0
    while here < stop and len(found) < enough and judged < MAX_JUDGED:
        hits, here = await leads.judge_stretch(
            tx, workspace_id=workspace_id, condition=condition, after_id=here, until_id=stop, size=size
        )
        found += hits
        judged += size
        size = _stretch_for(enough, judged=judged, found=len(found))
    return Foreseen(
        after_id=begin,
        until_id=here,
        lead_ids=found,
        is_last=here >= stop,
        stretch=_stretch_for(FOUND, judged=judged, found=len(found)),
    )


def _stretch_for(wanted: int, *, judged: int, found: int) -> int:
    return min(MAX_STRETCH, max(FIRST_STRETCH, judged * wanted // max(1, found)))
