"""The statements of the campaigns area, one typed function each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.campaigns.errors import CampaignNotFound
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.leads.model import Audience

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class StateCount:
    """How many campaigns stand in one state."""

    state: CampaignState
    n: int


async def create_campaign(
    tx: Tx, *, workspace_id: int, campaign: CampaignInput, created_by: int | None
) -> Campaign:
    return await tx.one(
        Campaign,
        _SQL["create-campaign"],
        workspace_id=workspace_id,
        created_by=created_by,
        **_columns(campaign),
    )


async def update_draft(
    tx: Tx, *, workspace_id: int, campaign_id: int, campaign: CampaignInput
) -> Campaign | None:
    return await tx.first(
        Campaign,
        _SQL["update-draft"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        **_columns(campaign),
    )


async def set_audience(tx: Tx, *, workspace_id: int, campaign_id: int, audience: Audience) -> None:
    await tx.execute(
        _SQL["set-audience"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        audience=json_value(audience),
    )


async def delete_draft(tx: Tx, *, workspace_id: int, campaign_id: int) -> int:
    return await tx.execute(_SQL["delete-draft"], workspace_id=workspace_id, campaign_id=campaign_id)


async def get_campaign(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    return await tx.one(
        Campaign,
        _SQL["get-campaign"],
        missing=CampaignNotFound,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
    )


async def lock_campaign(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    return await tx.one(
        Campaign,
        _SQL["lock-campaign"],
        missing=CampaignNotFound,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
    )


async def campaign_of_order(tx: Tx, *, workspace_id: int, order_id: int) -> Campaign | None:
    return await tx.first(Campaign, _SQL["campaign-of-order"], workspace_id=workspace_id, order_id=order_id)


async def list_campaigns(
    tx: Tx,
    *,
    workspace_id: int,
    state: CampaignState | None,
    search: str,
    before_id: int,
    limit: int,
) -> list[Campaign]:
    return await tx.all(
        Campaign,
        _SQL["list-campaigns"],
        workspace_id=workspace_id,
        state=state.value if state else None,
        search=search,
        before_id=before_id,
        limit=limit,
    )


async def count_by_state(tx: Tx, *, workspace_id: int) -> list[StateCount]:
    return await tx.all(StateCount, _SQL["count-by-state"], workspace_id=workspace_id)


async def set_state(
    tx: Tx, *, workspace_id: int, campaign_id: int, state: CampaignState, error: str = ""
) -> Campaign:
    return await tx.one(
        Campaign,
        _SQL["set-state"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        state=state.value,
        error=error,
    )


async def halt(tx: Tx, *, workspace_id: int, campaign_id: int, reason: str, count: int, sent: int) -> None:
    await tx.execute(
        _SQL["halt"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        reason=reason,
        count=count,
        sent=sent,
    )


async def forget_halt(tx: Tx, *, workspace_id: int, campaign_id: int) -> None:
    await tx.execute(_SQL["forget-halt"], workspace_id=workspace_id, campaign_id=campaign_id)


async def start_freezing(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: int,
    order_id: int,
    frozen_until: int,
    frozen_segments: dict[str, Any] | None,
) -> Campaign:
    return await tx.one(
        Campaign,
        _SQL["start-freezing"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        order_id=order_id,
        frozen_until=frozen_until,
        frozen_segments=None if frozen_segments is None else json_value(frozen_segments),
    )


async def frozen_segments(tx: Tx, *, workspace_id: int, campaign_id: int) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await tx.value(
        _SQL["frozen-segments"], workspace_id=workspace_id, campaign_id=campaign_id
    )
    return found


async def advance_freeze(tx: Tx, *, workspace_id: int, campaign_id: int, frozen_to: int, added: int) -> None:
    await tx.execute(
        _SQL["advance-freeze"],
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        frozen_to=frozen_to,
        added=added,
    )


async def finish_freeze(tx: Tx, *, workspace_id: int, campaign_id: int) -> None:
    await tx.execute(_SQL["finish-freeze"], workspace_id=workspace_id, campaign_id=campaign_id)


async def get_pass(tx: Tx, *, workspace_id: int, campaign_id: int) -> int:
    found: int = await tx.value(_SQL["get-pass"], workspace_id=workspace_id, campaign_id=campaign_id)
    return found


async def set_pass(tx: Tx, *, workspace_id: int, campaign_id: int, freeze_pass: int) -> None:
    await tx.execute(
        _SQL["set-pass"], workspace_id=workspace_id, campaign_id=campaign_id, freeze_pass=freeze_pass
    )


def engaged(*, kinds: Sequence[str], since: datetime) -> Fragment:
    """Return the condition that a lead did one of these lately, for statements over a stretch of leads."""
    return Fragment(
        sql=f"leads.id IN ({_SQL['engaged-leads'].sql})",
        parameters={"engaged_kinds": list(kinds), "engaged_since": since},
        looks_around=True,
    )


def not_written_to(*, order_id: int, since: datetime) -> Fragment:
    """Return the condition that an order has no message for a lead, as in `engaged`."""
    return Fragment(
        sql=f"leads.id NOT IN ({_SQL['leads-written-to'].sql})",
        parameters={"frozen_order": order_id, "frozen_since": since},
        looks_around=True,
    )


def _columns(campaign: CampaignInput) -> dict[str, Any]:
    return {
        "name": campaign.name.strip(),
        "template_id": campaign.template_id,
        "connection_id": campaign.connection_id,
        "sender_email": campaign.sender_email.strip(),
        "sender_name": campaign.sender_name.strip(),
        "reply_to": campaign.reply_to.strip(),
        "audience": json_value(campaign.audience),
        "scheduled_at": campaign.scheduled_at,
        "per_minute": campaign.per_minute,
        "per_hour": campaign.per_hour,
        "topic_id": campaign.topic_id,
    }
