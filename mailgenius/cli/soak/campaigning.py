"""Campaigns of the soak, made and launched by the product's own services: leads, a template, a launch."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from mailgenius.cli.soak.house import House, SoakStuck
from mailgenius.cli.soak.orders import LOOK_EVERY_S, Order
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import MAX_BATCH, Audience, LeadInput
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter

FREEZE_S = 300.0
FINISH_S = 600.0
_STARTED = frozenset({CampaignState.FREEZING, CampaignState.SENDING})


async def add_leads(house: House, workspace_id: int, emails: Sequence[str]) -> None:
    """Make leads of addresses."""
    for start in range(0, len(emails), MAX_BATCH):
        some = [LeadInput(email=email, name="Ana") for email in emails[start : start + MAX_BATCH]]
        async with house.services.db.trusted() as tx:
            await leads.upsert_batch(tx, workspace_id=workspace_id, leads=some)


async def draft(
    tx: Tx, *, workspace_id: int, name: str, connection_id: int, scheduled_at: datetime | None = None
) -> Campaign:
    """Write a campaign to everybody down."""
    template = await templates.create(
        tx, workspace_id=workspace_id, template=starter("newsletter", locale="en", name=name)
    )
    campaign = CampaignInput(
        name=name,
        template_id=template.id,
        connection_id=connection_id,
        sender_email="news@soak.example",
        sender_name="The Soak",
        audience=Audience(all=True),
        scheduled_at=scheduled_at,
    )
    return await campaigns.create(tx, workspace_id=workspace_id, campaign=campaign)


async def launch(
    house: House, workspace_id: int, connection_id: int, emails: Sequence[str]
) -> tuple[int, Order]:
    """Launch a campaign to these people, who are the workspace's only leads; return it, and its order.

    Somebody must run the jobs.
    """
    await add_leads(house, workspace_id, emails)
    async with house.services.db.trusted() as tx:
        made = await draft(tx, workspace_id=workspace_id, name="Soak", connection_id=connection_id)
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=made.id)
    if launched.order_id is None:
        raise SoakStuck(detail="a campaign has no order after its launch")
    order = Order(house=house, workspace_id=workspace_id, id=launched.order_id, recipients=emails)
    return launched.id, order


async def frozen(house: House, workspace_id: int, campaign_id: int) -> None:
    """Wait until everybody of a campaign is written down.

    Raises:
        SoakStuck: that took too long.
    """
    deadline = time.monotonic() + FREEZE_S
    while True:
        async with house.services.db.trusted() as tx:
            found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
        if found.frozen_at is not None:
            return
        if time.monotonic() > deadline or found.state not in _STARTED:
            raise SoakStuck(detail=f"a campaign is {found.state} and not written down")
        await asyncio.sleep(LOOK_EVERY_S)


async def finished(house: House, workspace_id: int, ids: Sequence[int]) -> None:
    """Wait until these campaigns say that they have finished.

    Raises:
        SoakStuck: that took too long.
    """
    deadline, waiting = time.monotonic() + FINISH_S, set(ids)
    while waiting:
        async with house.services.db.trusted() as tx:
            for campaign_id in list(waiting):
                found = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
                if found.state is CampaignState.FINISHED:
                    waiting.discard(campaign_id)
        if time.monotonic() > deadline:
            raise SoakStuck(detail=f"{len(waiting)} of {len(ids)} campaigns do not finish")
        await asyncio.sleep(LOOK_EVERY_S)
