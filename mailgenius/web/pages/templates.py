"""Templates: listed, started from an example, edited with a live preview, checked, sent as a test."""

from dataclasses import replace
from typing import Any, Final

from litestar import Router, get, post
from litestar.params import FromPath

from mailgenius.engine.connections import service as connections
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.errors import Invalid, NotFound
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Lead
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Template
from mailgenius.product.templates.starters import STARTERS, starter
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import errors_of
from mailgenius.web.forms.templates import TEMPLATE_FIELDS, TEST_FIELDS, TemplateForm, TestForm
from mailgenius.web.framed import framed
from mailgenius.web.i18n import _, current_locale
from mailgenius.web.pages.findings import finding_text
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/templates"
PAGE_SIZE: Final = 30
PREVIEW_LEADS: Final = 25


@get(PATH, opt=needs(Permission.TEMPLATES_READ))
async def templates_page(visit: CurrentVisit) -> Page:
    search = visit.asked("search")
    async with visit.tenant() as tx:
        page = await templates.list_templates(
            tx,
            workspace_id=visit.workspace_id,
            search=search,
            limit=PAGE_SIZE,
            cursor=visit.asked("cursor"),
        )
    values: dict[str, Any] = {"templates": page.items, "next_cursor": page.next_cursor, "search": search}
    if visit.page.is_htmx:
        return visit.block("templates/list.html", "results", **values)
    return visit.html("templates/list.html", **values)


@get(f"{PATH}/new", opt=needs(Permission.TEMPLATES_WRITE))
async def new_template_page(visit: CurrentVisit) -> Page:
    """The choice of a start, then the editor with it."""
    key = visit.asked("from")
    if not key:
        return visit.html("templates/choose.html", starters=STARTERS)
    if key == "blank":
        return await _editor(visit, TemplateForm(), as_first=True)
    try:
        start = starter(key, locale=current_locale(), name="")
    except KeyError as error:
        raise NotFound from error
    return await _editor(visit, TemplateForm.of(start), as_first=True)


@get(f"{PATH}/starters/{{key:str}}", opt=needs(Permission.TEMPLATES_READ))
async def starter_preview(visit: CurrentVisit, key: FromPath[str]) -> Page:
    """A start as a recipient would see it, for the frame of its card."""
    try:
        start = starter(key, locale=current_locale(), name=_("Example"))
    except KeyError as error:
        raise NotFound from error
    return await framed_template(visit, TemplateForm.of(start), lead_id=None)


@post(PATH, opt=needs(Permission.TEMPLATES_WRITE))
async def create_template(visit: CurrentVisit) -> Page:
    form = TemplateForm.read(await visit.request.form())
    if form.errors:
        return await _editor(visit, form, form.errors)
    try:
        async with visit.tenant() as tx:
            made = await templates.create(tx, workspace_id=visit.workspace_id, template=form.template)
    except Invalid as error:
        return await _editor(visit, form, errors_of(error, fields=TEMPLATE_FIELDS))
    return visit.redirect(f"{PATH}/{made.id}", Flash("success", _("The template was saved.")))


@get(f"{PATH}/{{template_id:int}}", opt=needs(Permission.TEMPLATES_READ))
async def template_page(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    template = await _get(visit, template_id)
    return await _editor(visit, TemplateForm.of(template), template=template, as_first=True)


@post(f"{PATH}/{{template_id:int}}", opt=needs(Permission.TEMPLATES_WRITE))
async def update_template(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    template = await _get(visit, template_id)
    form = TemplateForm.read(await visit.request.form())
    if form.errors:
        return await _editor(visit, form, form.errors, template=template)
    try:
        async with visit.tenant() as tx:
            await templates.update(
                tx, workspace_id=visit.workspace_id, template_id=template_id, template=form.template
            )
    except Invalid as error:
        return await _editor(visit, form, errors_of(error, fields=TEMPLATE_FIELDS), template=template)
    return visit.redirect(f"{PATH}/{template_id}", Flash("success", _("The template was saved.")))


@post(f"{PATH}/preview", opt=needs(Permission.TEMPLATES_READ) | unnoted("looks and changes nothing"))
async def preview_template(visit: CurrentVisit) -> Page:
    """What is in the editor now, as the chosen lead would see it. Nothing is stored."""
    form = TemplateForm.read(await visit.request.form())
    return await framed_template(visit, form, lead_id=form.lead_id)


@post(f"{PATH}/check", opt=needs(Permission.TEMPLATES_READ) | unnoted("looks and changes nothing"))
async def check_template(visit: CurrentVisit) -> Page:
    """What is wrong with what is in the editor now, and its subject as the chosen lead would see it."""
    form = TemplateForm.read(await visit.request.form())
    return visit.block("templates/editor.html", "findings", **await _checked(visit, form))


@post(f"{PATH}/{{template_id:int}}/duplicate", opt=needs(Permission.TEMPLATES_WRITE))
async def duplicate_template(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        original = await templates.get(tx, workspace_id=visit.workspace_id, template_id=template_id)
        name = _("Copy of %(name)s", name=original.name)[:200]
        copy = await templates.duplicate(
            tx, workspace_id=visit.workspace_id, template_id=template_id, name=name
        )
    return visit.redirect(f"{PATH}/{copy.id}", Flash("success", _("This is the copy.")))


@post(f"{PATH}/{{template_id:int}}/archive", opt=needs(Permission.TEMPLATES_WRITE))
async def archive_template(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await templates.archive(tx, workspace_id=visit.workspace_id, template_id=template_id)
    return visit.redirect(PATH, Flash("success", _("The template was archived.")))


@get(f"{PATH}/{{template_id:int}}/test", opt=needs(Permission.CAMPAIGNS_SEND))
async def test_page(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    template = await _get(visit, template_id)
    form = TestForm(
        recipient=visit.user.email,
        sender_email=visit.here.sender_email,
        sender_name=visit.here.sender_name,
    )
    return await _test_form(visit, template, form)


@post(f"{PATH}/{{template_id:int}}/test", opt=needs(Permission.CAMPAIGNS_SEND))
async def send_test(visit: CurrentVisit, template_id: FromPath[int]) -> Page:
    template = await _get(visit, template_id)
    form = TestForm.read(await visit.request.form())
    if form.errors or form.connection_id is None:
        return await _test_form(visit, template, form, form.errors)
    test = campaigns.TestSend(
        template_id=template_id,
        connection_id=form.connection_id,
        sender_email=form.sender_email,
        sender_name=form.sender_name,
        recipient=form.recipient,
        lead_id=form.lead_id,
    )
    try:
        async with visit.tenant() as tx:
            await campaigns.send_test(tx, workspace_id=visit.workspace_id, test=test)
    except Invalid as error:
        return await _test_form(visit, template, form, errors_of(error, fields=TEST_FIELDS))
    return visit.redirect(
        f"{PATH}/{template_id}",
        Flash("success", _("A test is on its way to %(recipient)s.", recipient=form.recipient)),
    )


async def _get(visit: Visit, template_id: int) -> Template:
    async with visit.tenant() as tx:
        return await templates.get(tx, workspace_id=visit.workspace_id, template_id=template_id)


async def _some_leads(visit: Visit) -> list[Lead]:
    async with visit.trusted() as tx:
        page = await leads.search(tx, workspace_id=visit.workspace_id, limit=PREVIEW_LEADS)
    return list(page.items)


async def _lead_values(visit: Visit, lead_id: int | None) -> dict[str, Any]:
    """The merge data of the chosen lead; none when it is not one of this workspace."""
    if lead_id is None:
        return {}
    async with visit.tenant() as tx:
        found = await leads.merge_data(tx, workspace_id=visit.workspace_id, lead_ids=[lead_id])
    return dict(found.get(lead_id, {}))


async def framed_template(visit: Visit, form: TemplateForm, *, lead_id: int | None) -> Page:
    """A template as a lead would see it, for a frame; what is broken is said there too."""
    try:
        rendered = await templates.preview(
            form.template,
            lead=await _lead_values(visit, lead_id),
            base_url=visit.services.settings.base_url,
            keys=visit.services.keys,
        )
    except Invalid as error:
        problems = [problem.message for problem in error.problems] or [error.message]
        return framed(visit.html("templates/broken.html", problems=problems).content)
    return framed(rendered.html)


async def _checked(visit: Visit, form: TemplateForm) -> dict[str, Any]:
    async with visit.tenant() as tx:
        fields = await leads.fields(tx, workspace_id=visit.workspace_id)
    keys = [field.key for field in fields]
    findings = await templates.check(form.template, custom_fields=keys)
    subject = ""
    if not findings:
        rendered = await templates.preview(
            form.template,
            lead=await _lead_values(visit, form.lead_id),
            base_url=visit.services.settings.base_url,
            keys=visit.services.keys,
        )
        subject = rendered.subject
    return {
        "findings": [(finding, finding_text(finding)) for finding in findings],
        "subject": subject,
        "merge_fields": [
            *sorted(templates.LEAD_FIELDS),
            *(f"{templates.CUSTOM_PREFIX}{key}" for key in keys),
            *sorted(templates.OTHER_FIELDS),
        ],
    }


async def _editor(
    visit: Visit,
    form: TemplateForm,
    errors: dict[str, str] | None = None,
    *,
    template: Template | None = None,
    as_first: bool = False,
) -> Page:
    some = await _some_leads(visit)
    if as_first and some:
        form = replace(form, lead_id=some[0].id)
    return visit.html(
        "templates/editor.html",
        code=422 if errors else 200,
        form=form,
        errors=errors or {},
        template=template,
        leads=some,
        **await _checked(visit, form),
    )


async def _test_form(
    visit: Visit, template: Template, form: TestForm, errors: dict[str, str] | None = None
) -> Page:
    async with visit.tenant() as tx:
        usable = await connections.list_connections(tx, workspace_id=visit.workspace_id)
    return visit.html(
        "templates/test.html",
        code=422 if errors else 200,
        template=template,
        form=form,
        errors=errors or {},
        connections=usable,
        leads=await _some_leads(visit),
    )


router = Router(
    path="",
    route_handlers=[
        templates_page,
        new_template_page,
        starter_preview,
        create_template,
        template_page,
        update_template,
        preview_template,
        check_template,
        duplicate_template,
        archive_template,
        test_page,
        send_test,
    ],
)
