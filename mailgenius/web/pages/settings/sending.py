"""The sending rules of the workspace: limits, quiet hours, caps, and when a campaign stops by itself."""

from typing import Final

from litestar import get, post

from mailgenius.engine.pacing import deciding, service as pacing
from mailgenius.engine.pacing.usual import USUAL_LIMITS
from mailgenius.kit.errors import Invalid
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import FORM
from mailgenius.web.forms.sending import SendingForm
from mailgenius.web.i18n import _
from mailgenius.web.templating import Flash
from mailgenius.web.texts import problems_of
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/settings/sending"


@get(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def sending_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        rules = await deciding.sending_rules(tx, workspace_id=visit.workspace_id)
        limits = await pacing.list_limits(tx, workspace_id=visit.workspace_id)
    return _page(visit, SendingForm.of(rules, limits))


@post(PATH, opt=needs(Permission.WORKSPACE_MANAGE))
async def save_sending(visit: CurrentVisit) -> Page:
    form = SendingForm.read(await visit.request.form())
    if form.errors:
        return _page(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            await deciding.set_sending_rules(
                tx, workspace_id=visit.workspace_id, rules=form.rules(timezone=visit.here.timezone)
            )
            await pacing.set_limits(tx, workspace_id=visit.workspace_id, limits=form.limits)
    except Invalid as error:
        problems = problems_of(error)
        known = {*form.numbers, "quiet_to"}
        errors = {name if name in known else FORM: text for name, text in problems.items()}
        return _page(visit, form, errors)
    return visit.redirect(PATH, Flash("success", _("The sending rules were saved.")))


def _page(visit: Visit, form: SendingForm, errors: dict[str, str] | None = None) -> Page:
    return visit.html(
        "settings/sending.html",
        code=422 if errors else 200,
        form=form,
        errors=errors or {},
        usual=USUAL_LIMITS,
    )


HANDLERS: Final = (sending_page, save_sending)
