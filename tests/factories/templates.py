"""Templates for tests."""

from mailgenius.kit.db.database import Database
from mailgenius.product.templates import service as templates
from mailgenius.product.templates.model import Syntax, Template, TemplateInput

HTML = (
    "<html><body><h1>Olá {{ lead.name }}</h1>"
    '<p><a href="https://example.com/offer">See it</a></p>'
    '<p><a href="{{ unsubscribe_url }}">Leave</a></p></body></html>'
)


async def make_template(db: Database, workspace_id: int, **overrides) -> Template:
    values = {"name": "Welcome", "subject": "Hello {{ lead.name }}", "source": HTML, "syntax": Syntax.HTML}
    async with db.tenant(workspace_id) as tx:
        return await templates.create(
            tx, workspace_id=workspace_id, template=TemplateInput(**{**values, **overrides})
        )
