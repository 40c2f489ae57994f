"""How a form asks for what it asks: by the types of the custom fields as they are now."""

from mailgenius.kit.db.transaction import Tx
from mailgenius.product.forms.model import FIELD, YES_NO, Form, Language, Question
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import FieldType, LeadField


async def questions(tx: Tx, *, form: Form) -> list[Question]:
    """Return what a form asks beside the e-mail address, in its order."""
    typed = await leads.typed_fields(tx, workspace_id=form.workspace_id)
    asked = []
    for field in form.fields:
        known = typed.get(field.key.removeprefix(FIELD)) if field.key.startswith(FIELD) else None
        asked.append(
            Question(
                key=field.key,
                label=field.label,
                required=field.required,
                type=FieldType.TEXT if known is None else known.type,
                options=() if known is None else _options(known, form.language),
            )
        )
    return asked


def _options(field: LeadField, language: Language) -> tuple[tuple[str, str], ...]:
    if field.type is FieldType.BOOLEAN:
        return tuple(zip(("yes", "no"), YES_NO[language], strict=True))
    return tuple((choice, choice) for choice in field.choices)
