"""Acts on many leads that need one more answer: which field and value, or which campaign."""

from typing import Final

from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.campaigns.model import CampaignState
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import BulkAct, LeadAct
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.forms.reading import FORM, errors_of
from mailgenius.web.lead_words import meant
from mailgenius.web.visits import Page, Visit

OPEN_CAMPAIGNS: Final = 100
"""Campaigns offered: more drafts than that, nobody looks through."""


async def act(visit: Visit, form: BulkForm, back: str) -> Page:
    """Ask for what is missing, or queue the act and show its progress."""
    if form.action == "exclude":
        visit.actor.require(Permission.CAMPAIGNS_WRITE)
    if not (form.field_key if form.action == "set_field" else form.campaign_id):
        return await _ask(visit, form, back, {})
    try:
        started = await (_set_field if form.action == "set_field" else _exclude)(visit, form)
    except (Invalid, Conflict) as error:
        errors = errors_of(error, fields=(), default="field_value" if form.action == "set_field" else FORM)
        return await _ask(visit, form, back, errors)
    return visit.redirect(f"/leads/bulk/{started.id}")


async def _set_field(visit: Visit, form: BulkForm) -> BulkAct:
    async with visit.trusted() as tx:
        return await leads.start_bulk(
            tx,
            workspace_id=visit.workspace_id,
            act=LeadAct.SET_FIELDS,
            wanted=await meant(tx, visit, form),
            fields={form.field_key: form.field_value or None},
            created_by=visit.user.id,
        )


async def _exclude(visit: Visit, form: BulkForm) -> BulkAct:
    async with visit.trusted() as tx:
        return await campaigns.exclude_leads(
            tx,
            workspace_id=visit.workspace_id,
            campaign_id=form.campaign_id or 0,
            wanted=await meant(tx, visit, form),
            created_by=visit.user.id,
        )


async def _ask(visit: Visit, form: BulkForm, back: str, errors: dict[str, str]) -> Page:
    async with visit.trusted() as tx:
        wanted = await meant(tx, visit, form)
        found = await leads.matching(tx, workspace_id=visit.workspace_id, wanted=wanted)
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
        offered = []
        if form.action == "exclude":
            for state in (CampaignState.DRAFT, CampaignState.SCHEDULED):
                page = await campaigns.list_campaigns(
                    tx, workspace_id=visit.workspace_id, state=state, limit=OPEN_CAMPAIGNS
                )
                offered += [(str(each.id), each.name) for each in page.items]
    return visit.html(
        "leads/bulk_ask.html",
        code=422 if errors else 200,
        form=form,
        total=found.total,
        about=found.total_is_estimate,
        fields=[(field.key, field.label) for field in fields],
        campaigns=offered,
        errors=errors,
        back=back,
    )
