"""The rules of templates: store, compile, check, show. Which lead to show one as is for the doors to say."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.ledger.model import Order, OrderContent, OrderState, Policy
from mailgenius.kit import rendering
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changed, changes
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem
from mailgenius.kit.paging import Page, decode_cursor, page_of
from mailgenius.product.templates import queries
from mailgenius.product.templates.errors import MjmlBroken
from mailgenius.product.templates.mjml import to_html
from mailgenius.product.templates.model import (
    MAX_SOURCE,
    MAX_SUBJECT,
    Compiled,
    Finding,
    Rendered,
    Severity,
    Syntax,
    Template,
    TemplateInput,
    launch_error,
)

NEWEST = 2**63 - 1
LEAD_FIELDS = frozenset(
    {"lead.name", "lead.email", "lead.phone", "lead.external_id", "lead.tags", "lead.language"}
)
OTHER_FIELDS = frozenset({"campaign.name", "unsubscribe_url", "view_url", "preferences_url"})
CUSTOM_PREFIX = "lead.fields."
WRITTEN = ("channel", "subject", "preheader", "syntax", "source", "text")
"""What the audit log tells was changed, and not how."""
_note: audit.Noting[Template] = audit.noting(lambda template: (template.id, template.name))


async def create(tx: Tx, *, workspace_id: int, template: TemplateInput) -> Template:
    """Store a template. It may be unfinished: only what could never be sent is refused.

    Raises:
        Invalid: no name, or a part that is too long.
    """
    made = await queries.create_template(tx, workspace_id=workspace_id, template=_checked(template))
    await _note(tx, "template.created", made, workspace_id=workspace_id)
    return made


async def update(tx: Tx, *, workspace_id: int, template_id: int, template: TemplateInput) -> Template:
    """Replace a template. Launched campaigns keep the content they were launched with."""
    before = await get(tx, workspace_id=workspace_id, template_id=template_id)
    after = await queries.update_template(
        tx, workspace_id=workspace_id, template_id=template_id, template=_checked(template)
    )
    await _note(
        tx,
        "template.changed",
        after,
        workspace_id=workspace_id,
        **changes(before, after, "name"),
        **changed(before, after, WRITTEN),
    )
    return after


async def get(tx: Tx, *, workspace_id: int, template_id: int) -> Template:
    return await queries.get_template(tx, workspace_id=workspace_id, template_id=template_id)


async def list_templates(
    tx: Tx, *, workspace_id: int, search: str = "", limit: int = 50, cursor: str | None = None
) -> Page[Template]:
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.list_templates(
        tx,
        workspace_id=workspace_id,
        search=search.strip(),
        before_id=key[0] if key else NEWEST,
        limit=limit + 1,
    )
    return page_of(rows, limit=limit, key=lambda template: (template.id,))


async def archive(tx: Tx, *, workspace_id: int, template_id: int) -> None:
    """Take a template out of use. Campaigns that use it keep working. A second run changes nothing."""
    template = await get(tx, workspace_id=workspace_id, template_id=template_id)
    await queries.archive_template(tx, workspace_id=workspace_id, template_id=template_id)
    await _note(tx, "template.archived", template, workspace_id=workspace_id)


async def duplicate(tx: Tx, *, workspace_id: int, template_id: int, name: str) -> Template:
    original = (await get(tx, workspace_id=workspace_id, template_id=template_id)).as_input()
    copy = TemplateInput(
        name=name,
        channel=original.channel,
        subject=original.subject,
        preheader=original.preheader,
        syntax=original.syntax,
        source=original.source,
        text=original.text,
    )
    return await create(tx, workspace_id=workspace_id, template=copy)


async def compiled(template: Template | TemplateInput) -> Compiled:
    """Turn what an author wrote into what the engine renders. Runs outside of a transaction.

    Raises:
        MjmlBroken: the MJML cannot be converted.
    """
    html = await to_html(template.source) if template.syntax is Syntax.MJML else template.source
    return Compiled(subject=template.subject, preheader=template.preheader, html=html, text=template.text)


async def check(template: Template | TemplateInput, *, custom_fields: Collection[str]) -> list[Finding]:
    """Name what is wrong before launch: errors stop it, warnings do not.

    Args:
        template: what the author wrote.
        custom_fields: keys of the workspace's custom fields.
    """
    findings = []
    if not template.subject.strip():
        findings.append(launch_error("subject", "The subject is empty."))
    if not template.source.strip() and not template.text.strip():
        findings.append(launch_error("source", "The message has no content."))
    try:
        html = (await compiled(template)).html
    except MjmlBroken as error:
        html = ""
        findings.append(launch_error("source", "{detail}", detail=error.message))
    for field, source, is_html in (
        ("subject", template.subject, False),
        ("preheader", template.preheader, False),
        ("source", html, True),
        ("text", template.text, False),
    ):
        findings += _check_part(field, source, is_html=is_html, custom_fields=custom_fields)
    return findings


async def preview(
    template: Template | TemplateInput, *, lead: Mapping[str, Any], base_url: str, keys: Keys
) -> Rendered:
    """Render a template as the engine would for one lead, as a sample: nothing is tracked or counted.

    Args:
        template: what the author wrote.
        lead: the lead's merge data; empty shows what a lead without data would get.
        base_url: public address of the installation, for the links of the message.
        keys: keys of the installation, which sign those links.

    Raises:
        MjmlBroken: the MJML cannot be converted.
        CannotCompose: the template fails; the message says why.
    """
    parts = await compiled(template)
    content = OrderContent(
        sender_email="preview@example.com",
        sender_name="",
        reply_to="",
        subject=parts.subject,
        preheader=parts.preheader,
        html=parts.html,
        text=parts.text,
        campaign_name=template.name,
        track_opens=False,
        track_clicks=False,
        sample=True,
    )
    order = Order(
        workspace_id=0,
        id=0,
        source="preview",
        source_id=None,
        channel=template.channel,
        priority=0,
        connection_id=0,
        policy=Policy.PREFER_NO_DUPLICATE,
        content=content,
        state=OrderState.RUNNING,
        sealed=True,
    )
    address = str(lead.get("email") or "lead@example.com")
    message = Composer(order, base_url=base_url, keys=keys).compose(0, address, lead)
    return Rendered(
        subject=dict(message.headers)["Subject"],
        preheader=parts.preheader,
        html=message.html,
        text=message.text,
    )


def errors_of(findings: Iterable[Finding]) -> list[Problem]:
    """Return the findings that stop a launch, as problems of the input."""
    return [
        Problem(finding.field, finding.text) for finding in findings if finding.severity is Severity.ERROR
    ]


def _check_part(field: str, source: str, *, is_html: bool, custom_fields: Collection[str]) -> list[Finding]:
    try:
        rendering.compile_template(source, html=is_html)
        used = rendering.merge_fields(source)
    except rendering.TemplateBroken as error:
        return [launch_error(field, "{detail}", detail=error.message)]
    return [
        launch_error(field, "{name} is not a merge field of this workspace.", name=name)
        for name in sorted(used)
        if not _known(name, custom_fields)
    ]


def _known(name: str, custom_fields: Collection[str]) -> bool:
    if name.startswith(CUSTOM_PREFIX):
        return name.removeprefix(CUSTOM_PREFIX).split(".")[0] in custom_fields
    return name in LEAD_FIELDS or name in OTHER_FIELDS


def _checked(template: TemplateInput) -> TemplateInput:
    problems = []
    if not 1 <= len(template.name.strip()) <= 200:  # noqa: PLR2004  # The column's own limit.
        problems.append(Problem("name", "must have 1 to 200 characters"))
    if template.channel != "email":
        problems.append(Problem("channel", "must be email"))
    if len(template.subject) > MAX_SUBJECT:
        problems.append(Problem("subject", f"must have at most {MAX_SUBJECT} characters"))
    if len(template.preheader) > MAX_SUBJECT:
        problems.append(Problem("preheader", f"must have at most {MAX_SUBJECT} characters"))
    problems += [
        Problem(field, f"must have at most {MAX_SOURCE} characters")
        for field, text in (("source", template.source), ("text", template.text))
        if len(text) > MAX_SOURCE
    ]
    problems += [
        Problem(field, "must not hold a NUL character")
        for field in ("name", "subject", "preheader", "source", "text")
        if "\0" in getattr(template, field)
    ]
    if problems:
        raise Invalid(problems=problems)
    return template
