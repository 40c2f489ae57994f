"""Sign-up forms: listed, built, and how to put them on a page of one's own."""

from collections.abc import Sequence
from typing import Final

from litestar import Router, get, post
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.engine.connections import service as connections
from mailgenius.kit.errors import Invalid
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.model import Form, Language, Question
from mailgenius.product.leads import service as leads
from mailgenius.product.templates import service as templates
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.forms import LANGUAGE_NAMES, SIGNUP_FIELDS, SignupForm
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.i18n import _
from mailgenius.web.templating import Flash, render_block
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/forms"
MOST_TEMPLATES: Final = 200


@get(PATH, opt=needs(Permission.LEADS_READ))
async def forms_page(visit: CurrentVisit) -> Page:
    async with visit.tenant() as tx:
        found = await forms.list_forms(tx, workspace_id=visit.workspace_id)
    return visit.html("forms/list.html", forms=found)


@get(f"{PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def new_form_page(visit: CurrentVisit) -> Page:
    portuguese = visit.page.locale.startswith("pt")
    return await _builder(visit, SignupForm.fresh(Language.PORTUGUESE if portuguese else Language.ENGLISH))


@post(PATH, opt=needs(Permission.LEADS_WRITE))
async def create_form(visit: CurrentVisit) -> Page:
    form = await _read(visit)
    errors = form.errors
    if not errors:
        try:
            async with visit.tenant() as tx:
                made = await forms.create(
                    tx, workspace_id=visit.workspace_id, form=form.given, created_by=visit.user.id
                )
        except Invalid as error:
            errors = errors_of(error, fields=SIGNUP_FIELDS)
        else:
            return visit.redirect(f"{PATH}/{made.id}", Flash("success", _("The form is online.")))
    return await _builder(visit, form, errors=errors)


@get(f"{PATH}/{{form_id:int}}", opt=needs(Permission.LEADS_READ))
async def form_page(visit: CurrentVisit, form_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        stored = await forms.get(tx, workspace_id=visit.workspace_id, form_id=form_id)
    return await _builder(visit, SignupForm.of(stored), stored=stored)


@post(f"{PATH}/{{form_id:int}}", opt=needs(Permission.LEADS_WRITE))
async def save_form(visit: CurrentVisit, form_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        stored = await forms.get(tx, workspace_id=visit.workspace_id, form_id=form_id)
    form = await _read(visit)
    errors = form.errors
    if not errors:
        try:
            async with visit.tenant() as tx:
                await forms.update(tx, workspace_id=visit.workspace_id, form_id=form_id, form=form.given)
        except Invalid as error:
            errors = errors_of(error, fields=SIGNUP_FIELDS)
        else:
            return visit.redirect(f"{PATH}/{form_id}", Flash("success", _("The form was saved.")))
    return await _builder(visit, form, stored=stored, errors=errors)


@post(f"{PATH}/{{form_id:int}}/archive", opt=needs(Permission.LEADS_WRITE))
async def archive_form(visit: CurrentVisit, form_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await forms.archive(tx, workspace_id=visit.workspace_id, form_id=form_id)
    return visit.redirect(PATH, Flash("success", _("The form is out of use.")))


async def _read(visit: Visit) -> SignupForm:
    posted = await visit.request.form()
    async with visit.tenant() as tx:
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
    return SignupForm.read(posted, fields)


async def _builder(
    visit: Visit, form: SignupForm, *, stored: Form | None = None, errors: dict[str, str] | None = None
) -> Page:
    async with visit.tenant() as tx:
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
        tags = await leads.tags(tx, workspace_id=visit.workspace_id)
        found = await templates.list_templates(tx, workspace_id=visit.workspace_id, limit=MOST_TEMPLATES)
        accounts = await connections.list_connections(tx, workspace_id=visit.workspace_id)
        asked = await forms.questions(tx, form=stored) if stored else []
    return visit.html(
        "forms/build.html",
        code=422 if errors else 200,
        form=form.given,
        stored=stored,
        errors=errors or {},
        questions=form.questions(fields),
        languages=[(language.value, _(name)) for language, name in LANGUAGE_NAMES.items()],
        tags=[each.tag for each in tags],
        templates=[(str(each.id), each.name) for each in found.items if each.channel == Channel.EMAIL],
        connections=[(str(each.id), each.name) for each in accounts if each.channel == Channel.EMAIL],
        url=f"{visit.services.settings.base_url}/f/{stored.public_id}" if stored else "",
        snippet=_snippet(visit, stored, asked) if stored else "",
    )


def _snippet(visit: Visit, form: Form, questions: Sequence[Question]) -> str:
    """The HTML of a form for another page: no script, no style, no cookie."""
    url = f"{visit.services.settings.base_url}/f/{form.public_id}"
    return render_block(
        "forms/_snippet.html", "snippet", page=visit.page, form=form, url=url, questions=questions
    ).strip()


router = Router(
    "/", route_handlers=[forms_page, new_form_page, create_form, form_page, save_form, archive_form]
)
