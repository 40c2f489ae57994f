"""The form of a connection: its fields come from the provider that it is made to."""

from dataclasses import dataclass, field
from typing import Any, Self

from mailgenius.channels.contract import Provider
from mailgenius.engine.connections.model import Connection, Limits
from mailgenius.kit.errors import MailGeniusError
from mailgenius.web.forms.reading import FORM, FormReader, Posted
from mailgenius.web.i18n import _
from mailgenius.web.texts import message_of, problems_of

LIMIT_FIELDS = ("per_second", "per_day")


@dataclass(frozen=True, kw_only=True)
class ConnectionForm:
    """A connection as typed. Settings are kept by the provider's own keys."""

    provider: str
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    per_second: str = ""
    per_day: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fresh(cls, provider: Provider) -> Self:
        settings = {each.key: each.default for each in provider.fields}
        return cls(provider=provider.name, settings=settings)

    @classmethod
    def of(cls, connection: Connection) -> Self:
        return cls(
            provider=connection.provider,
            name=connection.name,
            settings=dict(connection.settings),
            per_second=str(connection.per_second or ""),
            per_day=str(connection.per_day or ""),
        )

    @classmethod
    def read(cls, posted: Posted, provider: Provider) -> Self:
        form = FormReader(posted)
        limits = {name: form.text(name, limit=10) for name in LIMIT_FIELDS}
        for name, value in limits.items():
            if value and not (value.isascii() and value.isdigit()):
                form.refuse(name, _("Enter a whole number above zero, or nothing for no limit."))
        settings = {
            each.key: form.raw(each.key) if each.secret else form.text(each.key, limit=500)
            for each in provider.fields
        }
        return cls(
            provider=provider.name,
            name=form.text("name", limit=100, required=True),
            settings=settings,
            errors=form.errors,
            **limits,
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            per_second=int(self.per_second) if self.per_second else None,
            per_day=int(self.per_day) if self.per_day else None,
        )


def refused(error: MailGeniusError) -> dict[str, str]:
    """What the rules refused, beside the fields of the form: `settings.host` is the field `host`."""
    problems = problems_of(error)
    if not problems:
        return {FORM: message_of(error)}
    return {name.rpartition(".")[2]: text for name, text in problems.items()}
