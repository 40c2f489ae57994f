"""Forms for tests."""

from typing import Any

from mailgenius.kit.services import Services
from mailgenius.product.forms import service as forms
from mailgenius.product.forms.model import Form, FormField, FormInput
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces import service as workspaces
from tests.factories.campaigns import make_sandbox


async def make_form(services: Services, workspace_id: int, **values: Any) -> Form:
    """Make a form in a workspace that can send: it asks for name, phone and city, and gives a tag."""
    await make_sandbox(services.db, services.keys, workspace_id)
    asked: dict[str, Any] = {
        "name": "Footer",
        "title": "News from the shop",
        "consent_text": "I want the news by e-mail.",
        "fields": (
            FormField(key="name", label="Name", required=True),
            FormField(key="phone", label="Phone"),
            FormField(key="field:city", label="City"),
        ),
        "tags": ("site",),
    }
    async with services.db.tenant(workspace_id) as tx:
        here = await workspaces.get_workspace(tx, workspace_id=workspace_id)
        await workspaces.update_workspace(
            tx,
            workspace_id=workspace_id,
            name=here.name,
            timezone=here.timezone,
            locale=here.locale,
            sender_name="The Shop",
            sender_email="shop@example.com",
        )
        await leads.add_fields(tx, workspace_id=workspace_id, labels={"city": "City"})
        return await forms.create(tx, workspace_id=workspace_id, form=FormInput(**{**asked, **values}))
