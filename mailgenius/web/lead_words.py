"""Which leads a form of their list means, and the same in words: for acts on many and exports."""

from typing import Final

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import Lead, LeadStatus
from mailgenius.product.segments import service as segments
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.i18n import N_, _
from mailgenius.web.visits import Visit

STATUS_NAMES: Final = {
    LeadStatus.ACTIVE: N_("Active"),
    LeadStatus.UNSUBSCRIBED: N_("Unsubscribed"),
    LeadStatus.BOUNCED: N_("Bounced"),
    LeadStatus.COMPLAINED: N_("Complained"),
    LeadStatus.BLOCKED: N_("Blocked"),
}


def title_of(lead: Lead) -> str:
    """What a lead is called at the top of its page."""
    return lead.name or lead.email or lead.phone or lead.external_id or _("Lead")


async def meant(tx: Tx, visit: Visit, form: BulkForm) -> Wanted:
    """The chosen leads, or all that the list shows for its filter."""
    return await segments.within(
        tx, workspace_id=visit.workspace_id, segment_id=form.segment, wanted=form.wanted()
    )


async def filter_facts(tx: Tx, visit: Visit, form: BulkForm) -> list[tuple[str, str]]:
    """What a filter narrows, as a person reads it; nothing when it is everybody."""
    chosen = form.filters
    days = chosen.shown_days
    facts = [
        (_("Search"), chosen.search),
        (_("Status"), _(STATUS_NAMES[chosen.status]) if chosen.status else ""),
        (_("Tag"), chosen.tag),
        (_("Added from"), days["created_from"]),
        (_("Added until"), days["created_to"]),
        (_("Changed from"), days["updated_from"]),
        (_("Changed until"), days["updated_to"]),
    ]
    if chosen.segment is not None:
        segment = await segments.get(tx, workspace_id=visit.workspace_id, segment_id=chosen.segment)
        facts.insert(0, (_("Segment"), segment.name))
    if chosen.fields:
        labels = {each.key: each.label for each in await leads.fields(tx, workspace_id=visit.workspace_id)}
        facts.append((labels.get(chosen.field, chosen.field), chosen.value))
    return [(name, value) for name, value in facts if value]
