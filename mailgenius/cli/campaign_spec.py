"""The file that `mailgenius campaign launch` reads: a campaign with its template and connection, as JSON.

The shapes are those of the JSON API. A template and a connection are named by id or written out; a connection
that is written out, and whose name exists already, is used as it is.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Limits
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import Campaign, CampaignInput
from mailgenius.product.leads.model import Audience
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Syntax, TemplateInput


class TemplateSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A template written out: with `html` or `mjml`."""

    name: str = ""
    subject: str
    preheader: str = ""
    html: str = ""
    mjml: str = ""
    text: str = ""


class ConnectionSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A connection written out."""

    name: str
    channel: Channel = Channel.EMAIL
    provider: str
    settings: dict[str, Any] = {}
    limits: Limits = Limits()


class Sender(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who the messages come from."""

    email: str
    name: str = ""
    reply_to: str = ""


class CampaignSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    name: str
    sender: Sender
    audience: Audience
    template_id: int | None = None
    template: TemplateSpec | None = None
    connection_id: int | None = None
    connection: ConnectionSpec | None = None
    scheduled_at: datetime | None = None
    topic_id: int | None = None


def read_spec(path: Path) -> CampaignSpec:
    """Read the file.

    Raises:
        Invalid: it is not JSON, or not of this shape; the problem says where.
    """
    try:
        # Ids may be texts, as the API writes them.
        spec = msgspec.json.decode(path.read_bytes())
        checked = msgspec.convert(spec, CampaignSpec, strict=False)
    except msgspec.MsgspecError as error:
        raise invalid(path.name, str(error)) from error
    if (checked.template_id is None) == (checked.template is None):
        raise invalid(path.name, "needs one of template_id and template")
    if checked.connection_id is not None and checked.connection is not None:
        raise invalid(path.name, "takes connection_id or connection; none leaves the choice to the engine")
    if checked.template and bool(checked.template.html) == bool(checked.template.mjml):
        raise invalid(path.name, "template needs one of html and mjml")
    return checked


async def create_campaign(tx: Tx, *, workspace_id: int, spec: CampaignSpec, keys: Keys) -> Campaign:
    """Store the campaign of a file as a draft, with what it writes out."""
    return await campaigns.create(
        tx,
        workspace_id=workspace_id,
        campaign=CampaignInput(
            name=spec.name,
            template_id=await _template_id(tx, workspace_id, spec),
            connection_id=await _connection_id(tx, workspace_id, spec, keys),
            sender_email=spec.sender.email,
            sender_name=spec.sender.name,
            reply_to=spec.sender.reply_to,
            audience=spec.audience,
            scheduled_at=spec.scheduled_at,
            topic_id=spec.topic_id,
        ),
    )


async def _template_id(tx: Tx, workspace_id: int, spec: CampaignSpec) -> int:
    written = spec.template
    if written is None:
        assert spec.template_id is not None  # noqa: S101  # read_spec has seen to it.
        return spec.template_id
    template = TemplateInput(
        name=written.name or spec.name,
        subject=written.subject,
        preheader=written.preheader,
        syntax=Syntax.MJML if written.mjml else Syntax.HTML,
        source=written.mjml or written.html,
        text=written.text,
    )
    return (await templates.create(tx, workspace_id=workspace_id, template=template)).id


async def _connection_id(tx: Tx, workspace_id: int, spec: CampaignSpec, keys: Keys) -> int | None:
    written = spec.connection
    if written is None:
        return spec.connection_id
    for known in await connections.list_connections(tx, workspace_id=workspace_id):
        if known.name.lower() == written.name.lower():
            return known.id
    made = await connections.create(
        tx,
        workspace_id=workspace_id,
        name=written.name,
        channel=written.channel,
        provider=written.provider,
        settings=written.settings,
        limits=written.limits,
        keys=keys,
    )
    return made.id
