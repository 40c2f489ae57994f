"""Acts on many leads: the chosen ones at once, or all that match in the background, with a page to watch."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import OPEN, BulkAct, LeadAct
from mailgenius.product.leads.errors import BulkCountChanged
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import _, ngettext
from mailgenius.web.lead_words import STATUS_NAMES, filter_facts, meant
from mailgenius.web.pages.exports import export_form
from mailgenius.web.pages.leads import bulk_asking
from mailgenius.web.pages.leads.listing import LEADS_PATH
from mailgenius.web.security import safe_path
from mailgenius.web.streams import Shown, live
from mailgenius.web.templating import Flash, render_block
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

BULK_PATH: Final = f"{LEADS_PATH}/bulk"
ACT_PATH: Final = f"{BULK_PATH}/{{act_id:int}}"


@post(BULK_PATH, opt=needs(Permission.LEADS_WRITE))
async def act_on_many(visit: CurrentVisit) -> Page:
    """Tag, untag, change the status of, or delete the chosen leads, or all that match the list's filter."""
    posted = await visit.request.form()
    form = BulkForm.read(posted, timezone=visit.page.timezone)
    back = safe_path(FormReader(posted).raw("next"), LEADS_PATH)
    if not form.ids and not form.everything:
        return visit.redirect(back, Flash("warning", _("Choose at least one lead.")))
    if form.action in {"add_tags", "remove_tags"} and not form.tags:
        return visit.redirect(back, Flash("warning", _("Name at least one tag.")))
    if form.action == "export":
        return await export_form(visit, form)
    if form.action in {"set_field", "exclude"}:
        return await bulk_asking.act(visit, form, back)
    if form.everything:
        return await _act_on_all(visit, form, back)
    async with visit.tenant() as tx:
        text = await _act(tx, visit, form)
    return visit.redirect(back, Flash("success", text))


@get(ACT_PATH, opt=needs(Permission.LEADS_READ))
async def bulk_page(visit: CurrentVisit, act_id: FromPath[int]) -> Page:
    return visit.html("leads/bulk.html", **await _values(visit, act_id))


@get(f"{ACT_PATH}/events", opt=needs(Permission.LEADS_READ))
async def bulk_events(visit: CurrentVisit, act_id: FromPath[int]) -> Stream:
    """The progress as it goes, until the end."""
    await _values(
        visit, act_id
    )  # Asked first: a stream that has begun can no longer say that nothing is there.

    async def look() -> Shown:
        # The stream outlives the handler, and with it the language that the middleware had set.
        with i18n.use_locale(visit.page.locale):
            values = await _values(visit, act_id)
            html = render_block("leads/bulk.html", "live", page=visit.page, may=visit.may, **values)
            return Shown(html=html, finished=values["act"].state not in OPEN)

    return live(look)


@post(f"{ACT_PATH}/cancel", opt=needs(Permission.LEADS_WRITE))
async def cancel_bulk(visit: CurrentVisit, act_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await leads.cancel_bulk(tx, workspace_id=visit.workspace_id, act_id=act_id)
    return visit.redirect(f"{BULK_PATH}/{act_id}", Flash("success", _("Stopped. What is done stays done.")))


@post(f"{ACT_PATH}/undo", opt=needs(Permission.LEADS_WRITE))
async def undo_bulk(visit: CurrentVisit, act_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        back = await leads.undo_bulk(
            tx, workspace_id=visit.workspace_id, act_id=act_id, created_by=visit.user.id
        )
    return visit.redirect(f"{BULK_PATH}/{back.id}")


async def _act_on_all(visit: Visit, form: BulkForm, back: str) -> Page:
    """Queue the act. Deleting asks for the number of leads first, typed by hand."""
    if form.action == "delete" and form.expected is None:
        return await _ask_number(visit, form, back)
    act, status = (LeadAct.SET_STATUS, form.status) if form.status else (LeadAct(form.action), None)
    try:
        async with visit.trusted() as tx:
            started = await leads.start_bulk(
                tx,
                workspace_id=visit.workspace_id,
                act=act,
                wanted=await meant(tx, visit, form),
                tags=form.tags,
                status=status,
                expected=form.expected,
                created_by=visit.user.id,
            )
    except BulkCountChanged:
        error = _("That is not the number of leads that match now. Nothing was deleted.")
        return await _ask_number(visit, form, back, error)
    return visit.redirect(f"{BULK_PATH}/{started.id}")


async def _ask_number(visit: Visit, form: BulkForm, back: str, error: str = "") -> Page:
    async with visit.trusted() as tx:
        wanted = await meant(tx, visit, form)
        found = await leads.matching_counted(tx, workspace_id=visit.workspace_id, wanted=wanted)
        what = await filter_facts(tx, visit, form)
    code = 422 if error else 200
    return visit.html(
        "leads/bulk_delete.html", code=code, form=form, total=found.total, error=error, back=back, what=what
    )


async def _act(tx: Tx, visit: Visit, form: BulkForm) -> str:
    """Do it to the chosen leads, and say how many it was."""
    workspace_id = visit.workspace_id
    if form.action == "add_tags":
        n = await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=form.ids, tags=form.tags)
        return ngettext("%(num)s lead tagged.", "%(num)s leads tagged.", n)
    if form.action == "remove_tags":
        n = await leads.remove_tags(tx, workspace_id=workspace_id, lead_ids=form.ids, tags=form.tags)
        return ngettext("Tag taken off %(num)s lead.", "Tag taken off %(num)s leads.", n)
    if form.action == "delete":
        n = await leads.delete(tx, workspace_id=workspace_id, lead_ids=form.ids)
        return ngettext("%(num)s lead deleted.", "%(num)s leads deleted.", n)
    if form.status is not None:
        n = await leads.set_status(tx, workspace_id=workspace_id, lead_ids=form.ids, status=form.status)
        return ngettext("Status of %(num)s lead changed.", "Status of %(num)s leads changed.", n)
    raise Invalid


async def _values(visit: Visit, act_id: int) -> dict[str, Any]:
    async with visit.trusted() as tx:  # Who people are, no workspace may read by itself.
        act = await leads.bulk_act(tx, workspace_id=visit.workspace_id, act_id=act_id)
        members = await workspaces.list_members(tx, workspace_id=visit.workspace_id)
    by = next((each.name or each.email for each in members if each.user_id == act.created_by), "")
    return {"act": act, "running": act.state in OPEN, "title": title_of(act), "by": by}


def title_of(act: BulkAct) -> str:
    """What is done, in words."""
    tags = ", ".join(act.tags)
    match act.act:
        case LeadAct.ADD_TAGS:
            return _("Tag leads: %(tags)s", tags=tags)
        case LeadAct.REMOVE_TAGS:
            return _("Take tags off leads: %(tags)s", tags=tags)
        case LeadAct.DELETE:
            return _("Delete leads")
        case LeadAct.SET_FIELDS:
            return _("Set fields of leads: %(fields)s", fields=", ".join(act.fields or {}))
        case LeadAct.SET_STATUS:
            return _("Status of leads: %(status)s", status=_(STATUS_NAMES[act.status]) if act.status else "")


HANDLERS: Final = (act_on_many, bulk_page, bulk_events, cancel_bulk, undo_bulk)
