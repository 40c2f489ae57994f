"""What the demonstration does, step by step, over a running installation."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mailgenius.cli.demo.visitors import visit_messages
from mailgenius.cli.importing import import_ended, start_import
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Limits
from mailgenius.kit.crypto import random_token
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.services import Services
from mailgenius.product.analytics import service as analytics
from mailgenius.product.analytics.model import CampaignResults
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.imports.model import ImportState
from mailgenius.product.leads.model import Audience
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.starters import starter
from mailgenius.product.workspaces import service as workspaces

WORKSPACE = "Demo"
EMAIL = "demo@localhost"
CAMPAIGN = "News of the month"
CONNECTION = "Sandbox"
SENDER = "news@demo.example"
LOOK_EVERY_S = 0.1
EVENTS_WITHIN_S = 15.0
Tell = Callable[[str], None]


class DemoStuck(Unavailable):
    """The demonstration could not go on: {detail}."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How to enter the demonstration's workspace."""

    email: str
    password: str


async def tell_story(services: Services, *, address: str, leads: Path, tell: Tell) -> SignIn:
    """Make what is missing of the demonstration and tell each step with its figures."""
    sign_in, workspace_id = await _workspace(services)
    tell(f"Workspace {WORKSPACE}, with {sign_in.email} as its owner")
    await _import(services, workspace_id, leads, tell)
    campaign = await _campaign(services, workspace_id, tell)
    results = await _results(services, workspace_id, campaign)
    if not results.opened:
        results = await _visit(services, workspace_id, campaign, address, tell)
    tell(
        f"Results: {results.sent:,} sent, {results.opened_unique:,} opened, "
        f"{results.clicked_unique:,} clicked, {results.unsubscribed:,} unsubscribed"
    )
    return sign_in


async def _workspace(services: Services) -> tuple[SignIn, int]:
    """Find or make the workspace and the person; the password is kept in the home to be told again."""
    file = services.settings.home / "demo.json"
    async with services.db.trusted() as tx:
        workspace = await workspaces.find_workspace(tx, name=WORKSPACE)
        if workspace is not None and file.exists():
            return SignIn(**json.loads(file.read_text(encoding="utf-8"))), workspace.id
        sign_in = SignIn(email=EMAIL, password=random_token(9))
        # Written before the commit: a person whose password nobody knows would be of no use.
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(sign_in)), encoding="utf-8")
        made = await workspaces.create_user(
            tx, email=EMAIL, name="Demo", password=sign_in.password, must_change_password=False
        )
        workspace = await workspaces.create_workspace(tx, name=WORKSPACE, owner_user_id=made.user.id)
        await workspaces.update_workspace(
            tx,
            workspace_id=workspace.id,
            name=WORKSPACE,
            timezone=workspace.timezone,
            locale=workspace.locale,
            sender_name="MailGenius Demo",
            sender_email=SENDER,
        )
    return sign_in, workspace.id


async def _import(services: Services, workspace_id: int, leads: Path, tell: Tell) -> None:
    started = time.monotonic()
    job = await start_import(
        services, workspace_id=workspace_id, path=leads, tags=("demo",), consent_source="Sample of the demo"
    )
    done = await import_ended(services, workspace_id=workspace_id, import_id=job.id, seen=lambda _: None)
    if done.state is not ImportState.DONE:
        raise DemoStuck(detail=(done.error or done.state).rstrip("."))
    tell(
        f"Import: {done.rows_read:,} rows in {time.monotonic() - started:.1f} s: {done.rows_created:,} new, "
        f"{done.rows_updated:,} changed, {done.rows_unchanged:,} as before, {done.rows_rejected:,} rejected"
    )


async def _campaign(services: Services, workspace_id: int, tell: Tell) -> Campaign:
    """Find the campaign of an earlier run, or write and launch it; wait for its end either way."""
    started = time.monotonic()
    async with services.db.tenant(workspace_id) as tx:
        known = await campaigns.list_campaigns(tx, workspace_id=workspace_id, search=CAMPAIGN)
    campaign = known.items[0] if known.items else await _launch(services, workspace_id)
    while campaign.state not in {CampaignState.FINISHED, CampaignState.CANCELLED}:
        await asyncio.sleep(LOOK_EVERY_S)
        async with services.db.tenant(workspace_id) as tx:
            campaign = await campaigns.get(tx, workspace_id=workspace_id, campaign_id=campaign.id)
    took = time.monotonic() - started
    if known.items:
        tell(f"Campaign {CAMPAIGN}: sent by an earlier run")
    else:
        rate = campaign.frozen_count / took
        tell(f"Campaign {CAMPAIGN}: {campaign.frozen_count:,} messages in {took:.1f} s, {rate:,.0f} a second")
    return campaign


async def _launch(services: Services, workspace_id: int) -> Campaign:
    async with services.db.trusted() as tx:
        connection = await connections.create(
            tx,
            workspace_id=workspace_id,
            name=CONNECTION,
            channel="email",
            provider="sandbox",
            settings={},
            limits=Limits(),
            keys=services.keys,
        )
        written = starter("newsletter", locale="en", name=CAMPAIGN)
        template = await templates.create(tx, workspace_id=workspace_id, template=written)
        draft = CampaignInput(
            name=CAMPAIGN,
            template_id=template.id,
            connection_id=connection.id,
            sender_email=SENDER,
            sender_name="MailGenius Demo",
            audience=Audience(all=True),
        )
        campaign = await campaigns.create(tx, workspace_id=workspace_id, campaign=draft)
        return await campaigns.launch(tx, workspace_id=workspace_id, campaign_id=campaign.id)


async def _visit(
    services: Services, workspace_id: int, campaign: Campaign, address: str, tell: Tell
) -> CampaignResults:
    """Let recipients visit, and wait until what they did is in the report."""
    started = time.monotonic()
    done = await visit_messages(services.settings.home, workspace_id, address)
    tell(
        f"Recipients: {done['open']:,} opens, {done['click']:,} clicks, {done['unsubscribe']:,} unsubscribes "
        f"over the public addresses in {time.monotonic() - started:.1f} s"
    )
    deadline = time.monotonic() + EVENTS_WITHIN_S
    while True:
        results = await _results(services, workspace_id, campaign)
        counted = results.opened + results.opened_machine + results.clicked + results.unsubscribed
        if counted >= done.total():
            return results
        if time.monotonic() > deadline:
            raise DemoStuck(detail=f"{counted} of {done.total()} visits are in the report")
        await asyncio.sleep(LOOK_EVERY_S)


async def _results(services: Services, workspace_id: int, campaign: Campaign) -> CampaignResults:
    if campaign.order_id is None:
        raise DemoStuck(detail=f"the campaign is {campaign.state}")
    async with services.db.tenant(workspace_id) as tx:
        return await analytics.campaign_results(tx, workspace_id=workspace_id, order_id=campaign.order_id)
