"""`bench send`: a campaign to an SMTP sink, beside Postfix's smtp-source against the same sink."""

import asyncio
import os
import shutil
import time
from dataclasses import dataclass

from mailgenius.cli.bench.rooms import Room, room, smtp_sink
from mailgenius.cli.bench.sample import lead
from mailgenius.cli.output import Bar, progress
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Unavailable
from mailgenius.processes.roles import Role
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import MAX_BATCH, Audience, LeadInput
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter

LOOK_EVERY_S = 0.1
SESSIONS = 2
"""SMTP connections of the engine and of smtp-source alike."""
SBIN = "/usr/sbin"


class SmtpSourceMissing(Unavailable):
    """The limit is taken with smtp-source, which is not here. On Debian: apt-get install postfix."""


class BenchFailed(Unavailable):
    """The bench did not reach its end: {detail}."""


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """What `bench send` measured. Rates are messages a second; ratio is rate over limit."""

    rate: float
    limit: float
    ratio: float
    messages: int
    seconds: float
    message_bytes: int


async def bench_send(messages: int) -> SendResult:
    """Measure the whole way from the launch to the last message at the sink.

    Raises:
        SmtpSourceMissing: the limit cannot be taken on this machine.
    """
    smtp_source = find_smtp_source()
    async with room(Role.ENGINE, Role.JOBS) as here:
        await add_leads(here, messages)
        async with smtp_sink() as sink:
            seconds = await send_campaign(here, sink.port, messages)
            counted = await sink.counts()
    if counted["recipients"] != messages:
        raise BenchFailed(detail=f"{counted['recipients']} of {messages} messages arrived")
    size = counted["bytes"] // messages
    async with smtp_sink() as sink:
        limit = await _limit(smtp_source, sink.port, messages, size)
    rate = messages / seconds
    return SendResult(
        rate=round(rate),
        limit=round(limit),
        ratio=round(rate / limit, 3),
        messages=messages,
        seconds=round(seconds, 2),
        message_bytes=size,
    )


def find_smtp_source() -> str:
    """Return where smtp-source is.

    Raises:
        SmtpSourceMissing: it is not installed.
    """
    found = shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if found is None:
        raise SmtpSourceMissing
    return found


async def send_campaign(here: Room, port: int, messages: int, *, name: str = "Bench") -> float:
    """Launch a campaign to everyone and return the seconds until every message has left."""
    campaign = await _draft(here, port, name)
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
    """Fill the workspace with leads of the sample."""
    for start in range(0, count, MAX_BATCH):
        numbers = range(start, min(start + MAX_BATCH, count))
        some = [
            LeadInput(email=email, name=name, fields={"city": city, "points": points})
            for email, name, city, points in map(lead, numbers)
        ]
        async with here.services.db.trusted() as tx:
            await leads.upsert_batch(tx, workspace_id=here.workspace_id, leads=some)


async def _draft(here: Room, port: int, name: str) -> Campaign:
    async with here.services.db.trusted() as tx:
        connection = await _connection(tx, here, port, name)
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


async def _connection(tx: Tx, here: Room, port: int, name: str) -> Connection:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "connections": SESSIONS}
    return await connections.create(
        tx,
        workspace_id=here.workspace_id,
        name=name,
        channel="email",
        provider="smtp",
        settings=settings,
        limits=Limits(),
        keys=here.services.keys,
    )


async def _limit(smtp_source: str, port: int, messages: int, size: int) -> float:
    """Return the messages a second that smtp-source hands to the sink: same size, same sessions."""
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        smtp_source, "-d", "-s", str(SESSIONS), "-l", str(size), "-m", str(messages),
        "-f", "bench@example.com", "-t", "lead@example.com", f"127.0.0.1:{port}",
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait() != 0:
        raise BenchFailed(detail=f"smtp-source ended with {process.returncode}")
    return messages / (time.perf_counter() - started)
