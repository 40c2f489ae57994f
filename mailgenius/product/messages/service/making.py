"""From what a caller asks for to what an order is opened with: each make is checked once."""

import hashlib
import re
from collections import OrderedDict
from dataclasses import replace

import msgspec

from mailgenius.channels.contract import Channel
from mailgenius.engine.ledger.model import OrderContent
from mailgenius.engine.pacing import rotation
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.leads import service as leads
from mailgenius.product.messages import queries
from mailgenius.product.messages.errors import MessageNotSendable
from mailgenius.product.messages.model import TRANSACTIONAL_PRIORITY, Made, Make
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Finding, Syntax, TemplateInput
from mailgenius.product.workspaces import service as workspaces

MOST_KEPT = 200
ADDRESS = re.compile(r"[^\s@<>\x00-\x1f,;]{1,64}@[^\s@<>\x00-\x1f,;]+\.[^\s@<>\x00-\x1f,;.]{2,}")
_DATA = "data"

# Compiling MJML and checking templates costs far more than a message. A key never stands for another content,
# so what is remembered needs no renewal.
_kept: OrderedDict[tuple[int, bytes], OrderContent] = OrderedDict()


async def made(tx: Tx, *, workspace_id: int, make: Make) -> Made:
    """Find out what a make leaves open, and check what it says.

    Raises:
        MessageNotSendable: the problems say why.
    """
    make = await _with_sender(tx, workspace_id=workspace_id, make=make)
    _raise(_wrong(make))
    await _check_connection(tx, workspace_id=workspace_id, make=make)
    version = 0
    if make.template_id is not None:
        found = await queries.template_version(tx, workspace_id=workspace_id, template_id=make.template_id)
        if found is None:
            _raise([Problem("template_id", "There is no such template.")])
        version = found or 0
    key = hashlib.sha256(msgspec.json.encode((make, version))).digest()
    content = _kept.get((workspace_id, key))
    if content is None:
        content = await _content(tx, workspace_id=workspace_id, make=make)
        _kept[workspace_id, key] = content
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return Made(
        key=key,
        channel=make.channel,
        connection_id=make.connection_id,
        priority=make.priority,
        policy=make.policy,
        content=content,
    )


async def _check_connection(tx: Tx, *, workspace_id: int, make: Make) -> None:
    """See that messages can leave at all: through the connection that was asked for, or through any."""
    if make.connection_id is not None:
        found = await queries.usable_connection(
            tx, workspace_id=workspace_id, channel=make.channel, connection_id=make.connection_id
        )
        if found is None:
            _raise([Problem("connection_id", "There is no such connection.")])
        return
    domain = make.sender_email.rpartition("@")[2].lower()
    candidates = await rotation.candidates(tx, workspace_id=workspace_id, channel=make.channel)
    if not rotation.meant_for(candidates, domain):
        _raise(
            [
                Problem(
                    "connection_id",
                    "There is no connection that messages from this sender may leave through.",
                )
            ]
        )


async def _with_sender(tx: Tx, *, workspace_id: int, make: Make) -> Make:
    if make.sender_email:
        return make
    workspace = await workspaces.get_workspace(tx, workspace_id=workspace_id)
    return msgspec.structs.replace(
        make,
        sender_email=workspace.sender_email,
        sender_name=make.sender_name or workspace.sender_name,
    )


def _wrong(make: Make) -> list[Problem]:
    problems = []
    if make.channel not in set(Channel):
        problems.append(Problem("channel", "is not a channel"))
    if (make.template_id is None) == (make.words is None):
        problems.append(Problem("template_id", "give either a template or content"))
    if make.words is not None and make.words.html and make.words.mjml:
        problems.append(Problem("content", "give either html or mjml"))
    if not make.sender_email:
        problems.append(Problem("sender", "is needed, because the workspace has no sender of its own"))
    elif not ADDRESS.fullmatch(make.sender_email):
        problems.append(Problem("sender.email", "must be an e-mail address"))
    if make.reply_to and not ADDRESS.fullmatch(make.reply_to):
        problems.append(Problem("reply_to", "must be an e-mail address"))
    if make.transactional and make.priority != TRANSACTIONAL_PRIORITY:
        problems.append(Problem("transactional", "needs the priority transactional"))
    return problems


async def _content(tx: Tx, *, workspace_id: int, make: Make) -> OrderContent:
    """Compile and check what the messages say."""
    name, template = await _template(tx, workspace_id=workspace_id, make=make)
    fields = await leads.fields(tx, workspace_id=workspace_id)
    findings = await templates.check(template, custom_fields={field.key for field in fields})
    _raise(templates.errors_of(finding for finding in findings if not _of_data(finding)))
    compiled = await templates.compiled(template)
    return OrderContent(
        sender_email=make.sender_email,
        sender_name=make.sender_name,
        reply_to=make.reply_to,
        subject=compiled.subject,
        preheader=compiled.preheader,
        html=compiled.html,
        text=compiled.text,
        campaign_name=name,
        track_opens=make.track_opens,
        track_clicks=make.track_clicks,
        leavable=make.unsubscribe,
        transactional=make.transactional,
        has_data=True,
    )


async def _template(tx: Tx, *, workspace_id: int, make: Make) -> tuple[str, TemplateInput]:
    """Return the name and the words of a make."""
    if make.template_id is not None:
        stored = await templates.get(tx, workspace_id=workspace_id, template_id=make.template_id)
        if stored.channel != make.channel:
            _raise([Problem("template_id", "is a template of another channel")])
        return stored.name, stored.as_input()
    words = make.words
    assert words is not None  # noqa: S101  # _wrong has seen to it.
    template = TemplateInput(
        name="", channel=make.channel, subject=words.subject, preheader=words.preheader, text=words.text
    )
    if words.mjml:
        return "", replace(template, syntax=Syntax.MJML, source=words.mjml)
    return "", replace(template, source=words.html)


def _of_data(finding: Finding) -> bool:
    """Whether a finding only says that `data` is unknown: here every message brings it."""
    name = finding.values.get("name", "")
    return name == _DATA or name.startswith(f"{_DATA}.")


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise MessageNotSendable(problems=problems)
