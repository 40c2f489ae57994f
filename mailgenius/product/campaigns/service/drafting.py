"""Writing campaigns down, and reading them."""

import re
from dataclasses import replace

from mailgenius.engine.connections import service as connections
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import MessageRow, MessageState
from mailgenius.kit import clock
from mailgenius.kit.audit.model import changed, changes
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, NotFound, Problem
from mailgenius.kit.paging import Page, decode_cursor, page_of
from mailgenius.product.campaigns import queries
from mailgenius.product.campaigns.errors import CampaignNotInState
from mailgenius.product.campaigns.model import Campaign, CampaignInput, CampaignState
from mailgenius.product.campaigns.service.choosing import present_condition
from mailgenius.product.campaigns.service.noting import note
from mailgenius.product.preferences import service as preferences
from mailgenius.product.templates import service as templates

NEWEST = 2**63 - 1
HIGHEST_SPEED = 2**31 - 1
SETTINGS = (
    "name",
    "template_id",
    "connection_id",
    "sender_email",
    "sender_name",
    "reply_to",
    "scheduled_at",
    "per_minute",
    "per_hour",
)
"""What the audit log tells with its old and its new value."""
_ADDRESS = re.compile(r"[^\s@<>\x00-\x1f,;]{1,64}@[^\s@<>\x00-\x1f,;]+\.[^\s@<>\x00-\x1f,;.]{2,}")


async def create(
    tx: Tx, *, workspace_id: int, campaign: CampaignInput, created_by: int | None = None
) -> Campaign:
    """Store a draft.

    Raises:
        Invalid: a value is wrong, or the template, connection or topic does not exist here.
    """
    await _check(tx, workspace_id=workspace_id, campaign=campaign)
    made = await queries.create_campaign(
        tx, workspace_id=workspace_id, campaign=campaign, created_by=created_by
    )
    await note(tx, "campaign.created", made, workspace_id=workspace_id)
    return made


async def update(tx: Tx, *, workspace_id: int, campaign_id: int, campaign: CampaignInput) -> Campaign:
    """Replace a draft. What was launched cannot be edited."""
    await _check(tx, workspace_id=workspace_id, campaign=campaign)
    before = await get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    updated = await queries.update_draft(
        tx, workspace_id=workspace_id, campaign_id=campaign_id, campaign=campaign
    )
    if updated is None:
        raise CampaignNotInState(
            state=(await get(tx, workspace_id=workspace_id, campaign_id=campaign_id)).state
        )
    details = changes(before, updated, *SETTINGS) | changed(before, updated, ["audience"])
    await note(tx, "campaign.changed", updated, workspace_id=workspace_id, **details)
    return updated


async def get(tx: Tx, *, workspace_id: int, campaign_id: int) -> Campaign:
    return await queries.get_campaign(tx, workspace_id=workspace_id, campaign_id=campaign_id)


async def list_campaigns(
    tx: Tx,
    *,
    workspace_id: int,
    state: CampaignState | None = None,
    search: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Campaign]:
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.list_campaigns(
        tx,
        workspace_id=workspace_id,
        state=state,
        search=search.strip(),
        before_id=key[0] if key else NEWEST,
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda campaign: (campaign.id,))


async def state_counts(tx: Tx, *, workspace_id: int) -> dict[CampaignState, int]:
    """Return how many campaigns stand in each state that has any."""
    return {row.state: row.n for row in await queries.count_by_state(tx, workspace_id=workspace_id)}


async def delete(tx: Tx, *, workspace_id: int, campaign_id: int) -> None:
    """Remove a draft. A launched campaign stays: its messages are part of the record."""
    campaign = await get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if await queries.delete_draft(tx, workspace_id=workspace_id, campaign_id=campaign_id) == 0:
        raise CampaignNotInState(state=campaign.state)
    await note(tx, "campaign.deleted", campaign, workspace_id=workspace_id)


async def duplicate(
    tx: Tx, *, workspace_id: int, campaign_id: int, name: str, created_by: int | None = None
) -> Campaign:
    """Make a new draft with the decisions of another campaign, without its schedule."""
    original = await get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    copy = replace(original.as_input(), name=name, scheduled_at=None)
    return await create(tx, workspace_id=workspace_id, campaign=copy, created_by=created_by)


async def messages(
    tx: Tx,
    *,
    workspace_id: int,
    campaign_id: int,
    state: MessageState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[MessageRow]:
    """List the recipients of a campaign in the order they were written down, with what happened to each."""
    campaign = await get(tx, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign.order_id is None:
        return Page(items=())
    key = decode_cursor(cursor, tuple[int])
    rows = await intake.messages(
        tx,
        workspace_id=workspace_id,
        order_id=campaign.order_id,
        state=state,
        after_id=key[0] if key else 0,
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda message: (message.id,))


def address_problem(field: str, address: str) -> list[Problem]:
    """Return the problem of a sender's address, if it has one."""
    if _ADDRESS.fullmatch(address.strip()):
        return []
    return [Problem(field, "must be an e-mail address")]


async def _check(tx: Tx, *, workspace_id: int, campaign: CampaignInput) -> None:
    problems = []
    if not 1 <= len(campaign.name.strip()) <= 200:  # noqa: PLR2004  # The column's own limit.
        problems.append(Problem("name", "must have 1 to 200 characters"))
    problems += address_problem("sender_email", campaign.sender_email)
    if campaign.reply_to:
        problems += address_problem("reply_to", campaign.reply_to)
    problems += [
        Problem(field, "must not hold line breaks or control characters")
        for field in ("name", "sender_name")
        if any(ord(character) < ord(" ") for character in getattr(campaign, field))
    ]
    if campaign.scheduled_at is not None and campaign.scheduled_at.tzinfo is None:
        problems.append(Problem("scheduled_at", "must name its time zone"))
    if campaign.scheduled_at is not None and not clock.within_reach(campaign.scheduled_at):
        problems.append(Problem("scheduled_at", "lies at an end of the calendar"))
    problems += [
        Problem(field, "Enter a whole number above zero, or nothing for no limit.")
        for field in ("per_minute", "per_hour")
        if (value := getattr(campaign, field)) is not None and not 0 < value <= HIGHEST_SPEED
    ]
    try:
        campaign.audience.check()
        await present_condition(tx, workspace_id=workspace_id, audience=campaign.audience)
    except Invalid as error:
        problems += error.problems
    problems += await _missing_parts(tx, workspace_id=workspace_id, campaign=campaign)
    if problems:
        raise Invalid(problems=problems)


async def _missing_parts(tx: Tx, *, workspace_id: int, campaign: CampaignInput) -> list[Problem]:
    problems = []
    try:
        await templates.get(tx, workspace_id=workspace_id, template_id=campaign.template_id)
    except NotFound as error:
        problems.append(Problem("template_id", error.message))
    try:
        if campaign.connection_id is not None:
            await connections.get(tx, workspace_id=workspace_id, connection_id=campaign.connection_id)
    except NotFound as error:
        problems.append(Problem("connection_id", error.message))
    try:
        if campaign.topic_id is not None:
            await preferences.get_topic(tx, workspace_id=workspace_id, topic_id=campaign.topic_id)
    except NotFound as error:
        problems.append(Problem("topic_id", error.message))
    return problems
