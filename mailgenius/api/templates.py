"""Templates by JSON: create, list, read, change, archive."""

from datetime import datetime
from typing import Annotated, Literal

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Cursor, Id, Limit, TemplateId
from mailgenius.api.call import Caller, Done
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Syntax, Template, TemplateInput
from mailgenius.product.workspaces.model import Permission

Name = Annotated[str, Meta(description="What people call it.", examples=["Welcome"])]
Subject = Annotated[str, Meta(description="Subject, with merge fields.", examples=["Hello, {{ lead.name }}"])]
Preheader = Annotated[str, Meta(description="What inboxes show after the subject.")]
Html = Annotated[
    str,
    Meta(description="The body as HTML.", examples=["<p>Hello</p><a href='{{ unsubscribe_url }}'>Leave</a>"]),
]
Mjml = Annotated[str, Meta(description="The body as MJML.")]
Text = Annotated[str, Meta(description="Plain text; made from the HTML when empty.")]


class TemplateBody(Body):
    """A template. The body is either HTML or MJML."""

    name: Name
    subject: Subject
    channel: Literal["email"] = "email"
    preheader: Preheader = ""
    html: Html | None = None
    mjml: Mjml | None = None
    text: Text = ""


class TemplateChanges(Body):
    """What to change of a template. An absent field stays. Launched campaigns keep what they had."""

    name: Name | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET
    preheader: Preheader | UnsetType = UNSET
    html: Html | UnsetType = UNSET
    mjml: Mjml | UnsetType = UNSET
    text: Text | UnsetType = UNSET


class TemplateAnswer(Answer):
    """A template."""

    id: Id
    name: Name
    channel: str
    subject: Subject
    preheader: Preheader
    html: Html | None
    mjml: Mjml | None
    text: Text
    version: Annotated[int, Meta(description="Grows with every change.")]
    created_at: datetime
    updated_at: datetime


class TemplatePage(Answer):
    """Templates, newest first."""

    items: list[TemplateAnswer]
    next_cursor: str | None


@post("/templates", opt=needs(Permission.TEMPLATES_WRITE), summary="Create a template")
async def create_template(call: Caller, data: JSONBody[TemplateBody]) -> Response[TemplateAnswer]:
    syntax, source = _source(data.html, data.mjml)

    async def work(tx: Tx) -> Done:
        made = await templates.create(
            tx,
            workspace_id=call.workspace_id,
            template=TemplateInput(
                name=data.name,
                channel=data.channel,
                subject=data.subject,
                preheader=data.preheader,
                syntax=syntax,
                source=source,
                text=data.text,
            ),
        )
        return Done(body=template_answer(made))

    return await call.once(work)


@get("/templates", opt=needs(Permission.TEMPLATES_READ), summary="List templates")
async def list_templates(
    call: Caller,
    *,
    search: Annotated[str, QueryParameter(max_length=200, description="A part of the name.")] = "",
    limit: Limit = None,
    cursor: Cursor = None,
) -> TemplatePage:
    async with call.tenant() as tx:
        page = await templates.list_templates(
            tx, workspace_id=call.workspace_id, search=search, limit=checked_limit(limit), cursor=cursor
        )
    return TemplatePage(items=[template_answer(item) for item in page.items], next_cursor=page.next_cursor)


@get("/templates/{template_id:int}", opt=needs(Permission.TEMPLATES_READ), summary="Read a template")
async def get_template(call: Caller, template_id: TemplateId) -> TemplateAnswer:
    async with call.tenant() as tx:
        found = await templates.get(tx, workspace_id=call.workspace_id, template_id=template_id)
    return template_answer(found)


@patch("/templates/{template_id:int}", opt=needs(Permission.TEMPLATES_WRITE), summary="Change a template")
async def change_template(
    call: Caller, template_id: TemplateId, data: JSONBody[TemplateChanges]
) -> TemplateAnswer:
    async with call.tenant() as tx:
        before = await templates.get(tx, workspace_id=call.workspace_id, template_id=template_id)
        changed = await templates.update(
            tx,
            workspace_id=call.workspace_id,
            template_id=template_id,
            template=_changed(before.as_input(), data),
        )
    return template_answer(changed)


@delete(
    "/templates/{template_id:int}",
    opt=needs(Permission.TEMPLATES_WRITE),
    summary="Take a template out of use",
    description="It leaves the list. Campaigns that use it keep working.",
)
async def archive_template(call: Caller, template_id: TemplateId) -> None:
    async with call.tenant() as tx:
        await templates.archive(tx, workspace_id=call.workspace_id, template_id=template_id)


def template_answer(template: Template) -> TemplateAnswer:
    is_mjml = template.syntax is Syntax.MJML
    return TemplateAnswer(
        id=str(template.id),
        name=template.name,
        channel=template.channel,
        subject=template.subject,
        preheader=template.preheader,
        html=None if is_mjml else template.source,
        mjml=template.source if is_mjml else None,
        text=template.text,
        version=template.version,
        created_at=template.created_at,
        updated_at=template.updated_at,
    )


def _source(html: str | None, mjml: str | None) -> tuple[Syntax, str]:
    if html is not None and mjml is not None:
        raise invalid("mjml", "give either html or mjml")
    if mjml is not None:
        return Syntax.MJML, mjml
    if html is None:
        raise invalid("html", "is needed, or mjml")
    return Syntax.HTML, html


def _changed(before: TemplateInput, data: JSONBody[TemplateChanges]) -> TemplateInput:
    syntax, source = before.syntax, before.source
    if data.html is not UNSET or data.mjml is not UNSET:
        syntax, source = _source(data.html or None, data.mjml or None)
    return TemplateInput(
        name=before.name if data.name is UNSET else data.name,
        channel=before.channel,
        subject=before.subject if data.subject is UNSET else data.subject,
        preheader=before.preheader if data.preheader is UNSET else data.preheader,
        syntax=syntax,
        source=source,
        text=before.text if data.text is UNSET else data.text,
    )


router = Router(
    "",
    route_handlers=[create_template, list_templates, get_template, change_template, archive_template],
    tags=["Templates"],
)
