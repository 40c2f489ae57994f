"""Privacy of the workspace: how long what is kept, who was erased, and letting somebody in again."""

from typing import Final

from litestar import get, post

from mailgenius.kit.errors import Conflict, Invalid
from mailgenius.product.privacy import service as privacy
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.privacy import PERSON, TERMS, AllowForm, RetentionForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import _
from mailgenius.web.templating import Flash
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/settings/privacy"
PAGE_SIZE: Final = 20
USUAL_INACTIVE: Final = 24


@get(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def privacy_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        rules = await privacy.rules(tx, workspace_id=visit.workspace_id)
    return await _page(visit, RetentionForm.of(rules))


@post(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def save_retention(visit: CurrentVisit) -> Page:
    form = RetentionForm.read(await visit.request.form())
    errors = form.errors
    if not errors:
        try:
            async with visit.tenant() as tx:
                await privacy.set_rules(tx, workspace_id=visit.workspace_id, rules=form.rules)
        except Invalid as error:
            errors = errors_of(error, fields=TERMS)
    if errors:
        return await _page(visit, form, errors=errors)
    return visit.redirect(PATH, Flash("success", _("Saved. It is done every night.")))


@post(f"{PATH}/allow", opt=needs(Permission.WORKSPACE_MANAGE))
async def allow(visit: CurrentVisit) -> Page:
    """Let an erased person in again, with their new consent."""
    form = AllowForm.read(await visit.request.form())
    errors = form.errors
    if not errors:
        try:
            async with visit.tenant() as tx:
                lead = await privacy.allow_again(
                    tx,
                    workspace_id=visit.workspace_id,
                    person=form.person,
                    source=form.values["source"],
                    allowed_by=visit.user.id,
                )
        except (Invalid, Conflict) as error:
            errors = errors_of(error, fields=PERSON, default="email")
    if errors:
        async with visit.tenant() as tx:
            rules = await privacy.rules(tx, workspace_id=visit.workspace_id)
        return await _page(visit, RetentionForm.of(rules), asked=form, asked_errors=errors)
    return visit.redirect(
        f"/leads/{lead.id}", Flash("success", _("This person is a lead again, with the new consent."))
    )


async def _page(
    visit: Visit,
    form: RetentionForm,
    *,
    errors: dict[str, str] | None = None,
    asked: AllowForm | None = None,
    asked_errors: dict[str, str] | None = None,
) -> Page:
    months = int(form.terms["inactive_months"] or USUAL_INACTIVE) if not errors else USUAL_INACTIVE
    async with visit.trusted() as tx:
        erasures = await privacy.list_erasures(
            tx, workspace_id=visit.workspace_id, limit=PAGE_SIZE, cursor=visit.asked(CURSOR) or None
        )
        count, more = await privacy.count_inactive(tx, workspace_id=visit.workspace_id, months=months)
    return visit.html(
        "settings/privacy.html",
        code=422 if errors or asked_errors else 200,
        terms=form.terms,
        errors=errors or {},
        asked=asked.values if asked else dict.fromkeys(PERSON, ""),
        asked_errors=asked_errors or {},
        erasures=erasures.items,
        turn=turn(visit.request, erasures.next_cursor),
        months=months,
        count=count,
        more=more,
    )


HANDLERS: Final = (privacy_page, save_retention, allow)
