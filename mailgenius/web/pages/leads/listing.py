"""The list of leads: search as one types, filters, adding one. Acts on many are `bulk`."""

from typing import Any, Final

from litestar import get, post

from mailgenius.kit.audit import service as audit
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import LeadPage, LeadSort, Mode
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.lead_filters import LeadFilters
from mailgenius.web.forms.leads import LEAD_FIELDS, LeadForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import N_, _
from mailgenius.web.lead_words import STATUS_NAMES
from mailgenius.web.templating import Flash
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

LEADS_PATH: Final = "/leads"
PAGE_SIZE: Final = 50
MOST_TAGS: Final = 300
"""Tags offered in the filter: more than that, nobody reads."""
MOST_SEGMENTS: Final = 200

SORT_NAMES: Final = {
    LeadSort.NEWEST: N_("Newest first"),
    LeadSort.OLDEST: N_("Oldest first"),
    LeadSort.CHANGED: N_("Last changed first"),
}


@get(LEADS_PATH, opt=needs(Permission.LEADS_READ))
async def leads_page(visit: CurrentVisit) -> Page:
    filters = LeadFilters.read(visit.request.query_params, timezone=visit.page.timezone)
    async with visit.trusted() as tx:
        page, problem = await _found(tx, visit, filters)
        everyone = await _everyone(tx, visit) if filters.narrow else page.total
        tags = await _tag_names(tx, visit, chosen=filters.tag)
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
        acts = await leads.open_bulk_acts(tx, workspace_id=visit.workspace_id)
        known = await segments.list_segments(tx, workspace_id=visit.workspace_id, limit=MOST_SEGMENTS)
        names = {each.id: each.name for each in known.items}
        if filters.segment is not None and filters.segment not in names:
            chosen = await segments.get(tx, workspace_id=visit.workspace_id, segment_id=filters.segment)
            names[chosen.id] = chosen.name
    values: dict[str, Any] = {
        "leads": page.items,
        "total": page.total,
        "about": page.total_is_estimate,
        "everyone": everyone,
        "turn": turn(visit.request, page.next_cursor),
        "filters": filters,
        "problem": problem,
        "search": filters.search,
        "tag": filters.tag,
        "status": filters.status.value if filters.status else "",
        "tags": tags,
        "fields": [(each.key, each.label) for each in fields],
        "segments": list(names.items()),
        "sorts": [(key.value, _(name)) for key, name in SORT_NAMES.items()],
        "tag_options": [(name, name) for name in tags],
        "statuses": [(key.value, _(name)) for key, name in STATUS_NAMES.items()],
        "here": _here(visit),
        "acts": acts,
        # Offered when the page does not show them all.
        "matching": page.total if page.total > len(page.items) else None,
    }
    if visit.page.is_htmx:
        return visit.block("leads/list.html", "results", **values)
    return visit.html("leads/list.html", form=LeadForm(), errors={}, **values)


@get(f"{LEADS_PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def new_lead_page(visit: CurrentVisit) -> Page:
    """The form of the dialog as a page of its own, for browsers without scripts."""
    return await _new_form(visit, LeadForm(), {})


@post(LEADS_PATH, opt=needs(Permission.LEADS_WRITE))
async def add_lead(visit: CurrentVisit) -> Page:
    """Add a lead. One that exists is opened and not changed: the person sees what is known already."""
    form = LeadForm.read(await visit.request.form(), [], timezone=visit.page.timezone)
    if form.errors:
        return await _new_form(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            added = await leads.upsert(
                tx, workspace_id=visit.workspace_id, lead=form.as_new(), mode=Mode.KEEP, source="page"
            )
            # By hand it is an act; what programs send in by thousands is told by the leads themselves.
            if added.created:
                await audit.note(
                    tx, workspace_id=visit.workspace_id, action="lead.created", object_id=added.lead.id
                )
            else:
                audit.unchanged(tx)
    except (Invalid, Conflict) as error:
        return await _new_form(visit, form, errors_of(error, fields=LEAD_FIELDS))
    flash = (
        Flash("success", _("Lead added."))
        if added.created
        else Flash("info", _("This lead is here already. Nothing was changed."))
    )
    return visit.redirect(f"{LEADS_PATH}/{added.lead.id}", flash)


async def _found(tx: Tx, visit: Visit, filters: LeadFilters) -> tuple[LeadPage, str]:
    """The page of leads; or none, and what is wrong with the value of the field."""
    try:
        page = await segments.list_leads(
            tx,
            workspace_id=visit.workspace_id,
            segment_id=filters.segment,
            wanted=filters.wanted(),
            sort=filters.sort if filters.segment is None else LeadSort.NEWEST,
            limit=PAGE_SIZE,
            cursor=visit.asked(CURSOR) or None,
        )
    except Invalid as error:
        problems = errors_of(error, fields=[f"field.{filters.field}"])
        if list(problems) != [f"field.{filters.field}"]:
            raise
        nobody = LeadPage(items=[], next_cursor=None, total=0, total_is_estimate=False)
        return nobody, next(iter(problems.values()))
    return page, ""


async def _everyone(tx: Tx, visit: Visit) -> int:
    """How many leads there are without the filters: tells an empty list from an empty workspace."""
    return sum((await leads.counts(tx, workspace_id=visit.workspace_id)).values())


async def _tag_names(tx: Tx, visit: Visit, *, chosen: str = "") -> list[str]:
    """The tags in use, those with most leads first when there are too many, in the order of the alphabet."""
    counted = await leads.tags(tx, workspace_id=visit.workspace_id)
    most = sorted(counted, key=lambda each: -each.n)[:MOST_TAGS]
    names = {each.tag for each in most} | ({chosen} if chosen else set())
    return sorted(names, key=str.casefold)


def _here(visit: Visit) -> str:
    """The address of this list with its filters, to come back to after an act."""
    url = visit.request.url
    return f"{url.path}?{url.query}" if url.query else url.path


async def _new_form(visit: Visit, form: LeadForm, errors: dict[str, str]) -> Page:
    async with visit.tenant() as tx:
        tags = await _tag_names(tx, visit)
    code = 422 if errors else 200
    values = {"form": form, "errors": errors, "tags": tags}
    if visit.page.is_htmx:
        return visit.block("leads/new.html", "form", code=code, **values)
    return visit.html("leads/new.html", code=code, **values)


HANDLERS: Final = (leads_page, new_lead_page, add_lead)
