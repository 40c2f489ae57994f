"""One lead: who it is, what happened to it, and changes to it."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.consents import service as consents
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Lead, LeadStatus
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.leads import LEAD_FIELDS, LeadForm
from mailgenius.web.forms.reading import FormReader, errors_of
from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import STATUS_NAMES, title_of
from mailgenius.web.pages.leads.consenting import (
    ACT_NAMES,
    BASIS_NAMES,
    CHANNEL_NAMES,
    WAY_NAMES,
    named,
)
from mailgenius.web.pages.leads.listing import LEADS_PATH
from mailgenius.web.pages.leads.preferring import FREQUENCY_NAMES, LANGUAGE_NAMES
from mailgenius.web.pages.leads.timeline import SHOWN, SHOWN_IF_ASKED, timeline_of
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

LEAD_PATH: Final = f"{LEADS_PATH}/{{lead_id:int}}"

STATUS_NOTES: Final = {
    LeadStatus.ACTIVE: N_("Receives campaigns."),
    LeadStatus.UNSUBSCRIBED: N_("Asked to receive nothing more. Campaigns leave them out."),
    LeadStatus.BOUNCED: N_("Messages came back. Campaigns leave them out."),
    LeadStatus.COMPLAINED: N_("Marked a message as spam. Campaigns leave them out."),
    LeadStatus.BLOCKED: N_("Blocked by your team. Campaigns leave them out."),
}
HELD_BACK: Final = N_("The address is on the suppression list: nothing is sent to it.")


@get(LEAD_PATH, opt=needs(Permission.LEADS_READ))
async def lead_page(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    return await _lead(visit, lead_id)


@post(LEAD_PATH, opt=needs(Permission.LEADS_WRITE))
async def save_lead(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    posted = await visit.request.form()
    async with visit.tenant() as tx:
        lead = await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
    timezone = visit.page.timezone
    form = LeadForm.read(posted, fields, timezone=timezone, stored=lead.fields)
    errors = form.errors
    if not errors:
        try:
            async with visit.tenant() as tx:
                await leads.update(
                    tx,
                    workspace_id=visit.workspace_id,
                    lead_id=lead_id,
                    changes=form.as_changes(lead, timezone=timezone),
                    source="page",
                )
        except (Invalid, Conflict) as error:
            errors = errors_of(error, fields=LEAD_FIELDS)
    if errors:
        return await _lead(visit, lead_id, form, errors)
    return visit.redirect(f"{LEADS_PATH}/{lead_id}", Flash("success", _("Lead saved.")))


@post(f"{LEAD_PATH}/status", opt=needs(Permission.LEADS_WRITE))
async def change_status(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    form = FormReader(await visit.request.form())
    status = form.choice("status", LeadStatus, default=LeadStatus.ACTIVE)
    if form.errors or not form.raw("status"):
        raise Invalid
    async with visit.tenant() as tx:
        await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        await leads.set_status(tx, workspace_id=visit.workspace_id, lead_ids=[lead_id], status=status)
    return visit.redirect(f"{LEADS_PATH}/{lead_id}", Flash("success", _("Status changed.")))


@post(f"{LEAD_PATH}/delete", opt=needs(Permission.LEADS_WRITE))
async def delete_lead(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        await leads.delete(tx, workspace_id=visit.workspace_id, lead_ids=[lead_id])
    return visit.redirect(LEADS_PATH, Flash("success", _("Lead deleted.")))


async def _lead(
    visit: Visit, lead_id: int, form: LeadForm | None = None, errors: dict[str, str] | None = None
) -> Page:
    async with visit.tenant() as tx:
        lead = await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
        tags = await leads.tags(tx, workspace_id=visit.workspace_id)
        preferred = await leads.preferences(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        known = await consents.states(tx, workspace_id=visit.workspace_id, lead_ids=[lead_id])
        limit = SHOWN_IF_ASKED if visit.asked("events") == "older" else SHOWN
        events = await timeline_of(tx, workspace_id=visit.workspace_id, lead_id=lead_id, limit=limit)
        held_back = await _is_held_back(tx, visit.workspace_id, lead)
    return visit.html(
        "leads/one.html",
        code=422 if errors else 200,
        lead=lead,
        title=title_of(lead),
        form=form or LeadForm.of(lead, fields, timezone=visit.page.timezone),
        errors=errors or {},
        tags=[each.tag for each in tags],
        events=events,
        may_be_older=len(events) >= limit == SHOWN,
        consents=known,
        preferred=preferred,
        frequency_names=dict(named(FREQUENCY_NAMES)),
        language_names=LANGUAGE_NAMES,
        channel_names=named(CHANNEL_NAMES),
        basis_names=named(BASIS_NAMES),
        way_names=named(WAY_NAMES),
        act_names=named(ACT_NAMES),
        status_note=_(HELD_BACK if held_back else STATUS_NOTES[lead.status]),
        statuses=[
            (status.value, _(name)) for status, name in STATUS_NAMES.items() if status is not lead.status
        ],
    )


async def _is_held_back(tx: Tx, workspace_id: int, lead: Lead) -> bool:
    """Say whether the list of suppressions stops what the status lets through: the e-mail or its domain."""
    if lead.status is not LeadStatus.ACTIVE or lead.email is None:
        return False
    return bool(
        await suppression.suppressed(
            tx, workspace_id=workspace_id, channel=Channel.EMAIL, addresses=[lead.email]
        )
    )


HANDLERS: Final = (lead_page, save_lead, change_status, delete_lead)
