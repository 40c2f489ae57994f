"""The statements of the templates area, one typed function each."""

from typing import Any

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.templates.errors import TemplateNotFound
from mailgenius.product.templates.model import Template, TemplateInput

_SQL = load_queries(__file__)


async def create_template(tx: Tx, *, workspace_id: int, template: TemplateInput) -> Template:
    return await tx.one(Template, _SQL["create-template"], workspace_id=workspace_id, **_columns(template))


async def update_template(
    tx: Tx, *, workspace_id: int, template_id: int, template: TemplateInput
) -> Template:
    return await tx.one(
        Template,
        _SQL["update-template"],
        missing=TemplateNotFound,
        workspace_id=workspace_id,
        template_id=template_id,
        **_columns(template),
    )


async def get_template(tx: Tx, *, workspace_id: int, template_id: int) -> Template:
    return await tx.one(
        Template,
        _SQL["get-template"],
        missing=TemplateNotFound,
        workspace_id=workspace_id,
        template_id=template_id,
    )


async def list_templates(
    tx: Tx, *, workspace_id: int, search: str, before_id: int, limit: int
) -> list[Template]:
    return await tx.all(
        Template,
        _SQL["list-templates"],
        workspace_id=workspace_id,
        search=search,
        before_id=before_id,
        limit=limit,
    )


async def archive_template(tx: Tx, *, workspace_id: int, template_id: int) -> int:
    return await tx.execute(_SQL["archive-template"], workspace_id=workspace_id, template_id=template_id)


def _columns(template: TemplateInput) -> dict[str, Any]:
    return {
        "name": template.name,
        "channel": template.channel,
        "subject": template.subject,
        "preheader": template.preheader,
        "syntax": template.syntax.value,
        "source": template.source,
        "text": template.text,
    }
