"""Connections and campaigns for tests."""

from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput
from mailgenius.product.leads.model import Audience
from tests.factories.templates import make_template


async def make_sandbox(db: Database, keys: Keys, workspace_id: int, name: str = "Sandbox") -> Connection:
    async with db.tenant(workspace_id) as tx:
        return await connections.create(
            tx,
            workspace_id=workspace_id,
            name=name,
            channel="email",
            provider="sandbox",
            settings={},
            limits=Limits(),
            keys=keys,
        )


async def make_campaign(db: Database, keys: Keys, workspace_id: int, **overrides) -> Campaign:
    values = {"name": "May", "sender_email": "news@example.com", "audience": Audience(all=True)}
    if "template_id" not in overrides:
        values["template_id"] = (await make_template(db, workspace_id)).id
    if "connection_id" not in overrides:
        values["connection_id"] = (await make_sandbox(db, keys, workspace_id)).id
    async with db.tenant(workspace_id) as tx:
        return await campaigns.create(
            tx, workspace_id=workspace_id, campaign=CampaignInput(**{**values, **overrides})
        )
