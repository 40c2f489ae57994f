"""Writing a campaign down: the form, the live count of its audience, the copy of an old one."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.errors import CampaignNotInState
from mailgenius.product.campaigns.model import Campaign, CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.preferences import service as preferences
from mailgenius.product.preferences.errors import TopicNotFound
from mailgenius.product.segments import service as segments
from mailgenius.product.templates import service as templates
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.campaigns import CAMPAIGN_FIELDS, CampaignForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import _
from mailgenius.web.pages.campaigns.listing import PATH
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

CHOICES: Final = 200
"""Templates offered in the form: beyond that a person comes from the template's own page."""


@get(f"{PATH}/new", opt=needs(Permission.CAMPAIGNS_WRITE))
async def new_campaign_page(visit: CurrentVisit) -> Page:
    template = visit.asked("template")
    form = CampaignForm(
        template_id=int(template) if template.isdecimal() and len(template) < 19 else None,  # noqa: PLR2004  # bigint
        sender_email=visit.here.sender_email,
        sender_name=visit.here.sender_name,
    )
    return await _composer(visit, form)


@post(PATH, opt=needs(Permission.CAMPAIGNS_WRITE))
async def create_campaign(visit: CurrentVisit) -> Page:
    form = CampaignForm.read(await visit.request.form(), timezone=visit.page.timezone)
    if form.errors:
        return await _composer(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await campaigns.create(
                tx, workspace_id=visit.workspace_id, campaign=form.campaign, created_by=visit.user.id
            )
    except Invalid as error:
        return await _composer(visit, form, errors_of(error, fields=CAMPAIGN_FIELDS))
    return visit.redirect(f"{PATH}/{made.id}")


@get(f"{PATH}/{{campaign_id:int}}/edit", opt=needs(Permission.CAMPAIGNS_WRITE))
async def edit_campaign_page(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    campaign = await _draft(visit, campaign_id)
    return await _composer(visit, CampaignForm.of(campaign), campaign=campaign)


@post(f"{PATH}/{{campaign_id:int}}/edit", opt=needs(Permission.CAMPAIGNS_WRITE))
async def update_campaign(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    campaign = await _draft(visit, campaign_id)
    form = CampaignForm.read(await visit.request.form(), timezone=visit.page.timezone)
    if form.errors:
        return await _composer(visit, form, form.errors, campaign=campaign)
    try:
        async with visit.tenant() as tx:
            await campaigns.update(
                tx, workspace_id=visit.workspace_id, campaign_id=campaign_id, campaign=form.campaign
            )
    except Invalid as error:
        errors = errors_of(error, fields=CAMPAIGN_FIELDS)
        return await _composer(visit, form, errors, campaign=campaign)
    return visit.redirect(f"{PATH}/{campaign_id}", Flash("success", _("The campaign was saved.")))


@post(f"{PATH}/audience", opt=needs(Permission.CAMPAIGNS_READ) | unnoted("looks and changes nothing"))
async def count_audience(visit: CurrentVisit) -> Page:
    """How many leads the audience in the form reaches now."""
    form = CampaignForm.read(await visit.request.form(), timezone=visit.page.timezone)
    return visit.block("campaigns/compose.html", "count", size=await _size(visit, form))


@post(f"{PATH}/{{campaign_id:int}}/duplicate", opt=needs(Permission.CAMPAIGNS_WRITE))
async def duplicate_campaign(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        original = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
        copy = await campaigns.duplicate(
            tx,
            workspace_id=visit.workspace_id,
            campaign_id=campaign_id,
            name=_("Copy of %(name)s", name=original.name)[:200],
            created_by=visit.user.id,
        )
    return visit.redirect(f"{PATH}/{copy.id}/edit", Flash("success", _("This is the copy.")))


@post(f"{PATH}/{{campaign_id:int}}/delete", opt=needs(Permission.CAMPAIGNS_WRITE))
async def delete_campaign(visit: CurrentVisit, campaign_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await campaigns.delete(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    return visit.redirect(PATH, Flash("success", _("The draft was deleted.")))


async def _draft(visit: Visit, campaign_id: int) -> Campaign:
    async with visit.tenant() as tx:
        campaign = await campaigns.get(tx, workspace_id=visit.workspace_id, campaign_id=campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise CampaignNotInState(state=campaign.state)
    return campaign


async def _size(visit: Visit, form: CampaignForm) -> int | None:
    """The number of leads; None while the audience names nobody."""
    async with visit.trusted() as tx:
        try:
            return await campaigns.audience_size(
                tx,
                workspace_id=visit.workspace_id,
                audience=form.audience,
                channel=Channel.EMAIL,
                topic_id=form.topic_id,
            )
        except (Invalid, TopicNotFound):
            return None


async def _segments(tx: Tx, visit: Visit) -> list[tuple[int, str]]:
    """The segments that are offered: those that are not archived."""
    page = await segments.list_segments(tx, workspace_id=visit.workspace_id, limit=CHOICES)
    return [(each.id, each.name) for each in sorted(page.items, key=lambda each: each.name.casefold())]


async def _composer(
    visit: Visit,
    form: CampaignForm,
    errors: dict[str, str] | None = None,
    *,
    campaign: Campaign | None = None,
) -> Page:
    async with visit.tenant() as tx:
        known: dict[str, Any] = {
            "templates": (
                await templates.list_templates(tx, workspace_id=visit.workspace_id, limit=CHOICES)
            ).items,
            "connections": await connections.list_connections(tx, workspace_id=visit.workspace_id),
            "tags": [each.tag for each in await leads.tags(tx, workspace_id=visit.workspace_id)],
            "segments": await _segments(tx, visit),
            "topics": await preferences.topics(tx, workspace_id=visit.workspace_id),
        }
    return visit.html(
        "campaigns/compose.html",
        code=422 if errors else 200,
        form=form,
        errors=errors or {},
        campaign=campaign,
        size=await _size(visit, form),
        **known,
    )


HANDLERS: Final = (
    new_campaign_page,
    create_campaign,
    edit_campaign_page,
    update_campaign,
    count_audience,
    duplicate_campaign,
    delete_campaign,
)
