"""Rows and commands of the templates area. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_SOURCE = 500_000
"""Characters of one body: above what a mail client shows, below what would hurt us."""
MAX_SUBJECT = 500


class Syntax(StrEnum):
    """How the body is written."""

    HTML = "html"
    MJML = "mjml"


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateInput:
    """What an author writes."""

    name: str
    channel: str = "email"
    subject: str = ""
    preheader: str = ""
    syntax: Syntax = Syntax.HTML
    source: str = ""
    text: str = ""
    """Plain text part; empty means derived from the HTML."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A stored template."""

    id: int
    name: str
    channel: str
    subject: str
    preheader: str
    syntax: Syntax
    source: str
    text: str
    version: int
    created_at: datetime
    updated_at: datetime

    def as_input(self) -> TemplateInput:
        return TemplateInput(
            name=self.name,
            channel=self.channel,
            subject=self.subject,
            preheader=self.preheader,
            syntax=self.syntax,
            source=self.source,
            text=self.text,
        )


class Severity(StrEnum):
    """Whether a finding stops a launch."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something an author should know before launch. `message` is an English message id; `values` fill it."""

    severity: Severity
    field: str
    message: str
    values: dict[str, str]

    @property
    def text(self) -> str:
        return self.message.format_map(self.values)


def launch_error(field: str, message: str, **values: str) -> Finding:
    """A finding that stops a launch. The message is an English message id, translated by the pages."""
    return Finding(severity=Severity.ERROR, field=field, message=message, values=values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A template ready for the engine: HTML and text still hold merge fields."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A template as one lead would see it."""

    subject: str
    preheader: str
    html: str
    text: str
