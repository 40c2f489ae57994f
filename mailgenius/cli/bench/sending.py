"""Sends campaigns in a throw-away installation: what the soak repeats."""

import asyncio
import time

from mailgenius.cli.bench.rooms import Room
from mailgenius.cli.output import Bar, progress
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.transaction import Tx
from mailgenius.ops.bench_sink import BenchFailed, Sink
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import MAX_BATCH, Audience, LeadInput
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter

LOOK_EVERY_S = 0.1


async def send_campaign(here: Room, sink: Sink, messages: int, *, name: str) -> float:
    """Launch a campaign to everyone and return the seconds until every message has left."""
    campaign = await _draft(here, sink, name)
    services, workspace_id = here.services, here.workspace_id
    started = time.perf_counter()
    async with services.db.trusted() as tx:
        launched = await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    with progress("Sending") as bar:
        while launched.state is not CampaignState.FINISHED:
            await asyncio.sleep(LOOK_EVERY_S)
            launched = await _look(here, campaign.id, bar, messages)
    return time.perf_counter() - started


async def _look(here: Room, campaign_id: int, bar: Bar, messages: int) -> Campaign:
    async with here.services.db.trusted() as tx:
        campaign = await campaigns.get(tx, workspace_id=here.workspace_id, campaign_id=campaign_id)
        if campaign.order_id is not None:
            counts = await intake.counts(tx, workspace_id=here.workspace_id, order_id=campaign.order_id)
            bar.at(counts.get(MessageState.ACCEPTED, 0), messages)
    if campaign.state is CampaignState.CANCELLED:
        raise BenchFailed(detail=campaign.error or campaign.state)
    return campaign


async def add_leads(here: Room, count: int) -> None:
    """Fill the workspace with leads."""
    for start in range(0, count, MAX_BATCH):
        numbers = range(start, min(start + MAX_BATCH, count))
        some = [LeadInput(email=f"lead{number}@example.com", name=f"José {number}") for number in numbers]
        async with here.services.db.trusted() as tx:
            await leads.upsert_batch(tx, workspace_id=here.workspace_id, leads=some)


async def _draft(here: Room, sink: Sink, name: str) -> Campaign:
    async with here.services.db.trusted() as tx:
        connection = await _connection(tx, here, sink, name)
        template = await templates.create(
            tx, workspace_id=here.workspace_id, template=starter("newsletter", locale="pt_BR", name=name)
        )
        draft = CampaignInput(
            name=name,
            template_id=template.id,
            connection_id=connection.id,
            sender_email="bench@example.com",
            sender_name="Bench",
            audience=Audience(all=True),
        )
        return await campaigns.create(tx, workspace_id=here.workspace_id, campaign=draft)


async def _connection(tx: Tx, here: Room, sink: Sink, name: str) -> Connection:
    return await connections.create(
        tx,
        workspace_id=here.workspace_id,
        name=name,
        channel="email",
        provider="smtp",
        settings=sink.connection_settings(),
        limits=Limits(),
        keys=here.services.keys,
    )
