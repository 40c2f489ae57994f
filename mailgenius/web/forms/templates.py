"""The forms of templates: the editor, and the test send."""

from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.product.templates.model import Syntax, Template, TemplateInput
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

TEMPLATE_FIELDS: Final = ("name", "subject", "preheader", "syntax", "source", "text")
TEST_FIELDS: Final = ("recipient", "connection_id", "sender_email", "sender_name", "lead_id")


@dataclass(frozen=True, kw_only=True)
class TemplateForm:
    """A template as typed."""

    name: str = ""
    subject: str = ""
    preheader: str = ""
    syntax: Syntax = Syntax.HTML
    source: str = ""
    text: str = ""
    lead_id: int | None = None
    """The lead to preview as; not part of the template."""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, template: Template | TemplateInput) -> Self:
        return cls(**{name: getattr(template, name) for name in TEMPLATE_FIELDS})

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        leads = form.ids("lead_id")
        return cls(
            name=form.text("name", required=True),
            subject=form.text("subject", limit=500),
            preheader=form.text("preheader", limit=500),
            syntax=form.choice("syntax", Syntax, default=Syntax.HTML),
            source=form.raw("source"),
            text=form.raw("text"),
            lead_id=leads[0] if leads else None,
            errors=form.errors,
        )

    @property
    def template(self) -> TemplateInput:
        return TemplateInput(**{name: getattr(self, name) for name in TEMPLATE_FIELDS})


@dataclass(frozen=True, kw_only=True)
class TestForm:
    """A test send as typed."""

    recipient: str = ""
    connection_id: int | None = None
    sender_email: str = ""
    sender_name: str = ""
    lead_id: int | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        connections, leads = form.ids("connection_id"), form.ids("lead_id")
        if not connections:
            form.refuse("connection_id", _("Choose a connection."))
        return cls(
            recipient=form.text("recipient", limit=254, required=True),
            connection_id=connections[0] if connections else None,
            sender_email=form.text("sender_email", limit=254, required=True),
            sender_name=form.text("sender_name", limit=100),
            lead_id=leads[0] if leads else None,
            errors=form.errors,
        )
