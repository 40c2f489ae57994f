"""The form of a connection: its fields come from the provider that it is made to."""

from dataclasses import dataclass, field
from typing import Any, Self

from mailgenius.channels.contract import Provider
from mailgenius.engine.connections.model import Connection, Limits, Routing, WarmUp
from mailgenius.kit.errors import MailGeniusError
from mailgenius.web.forms.reading import FORM, FormReader, Posted
from mailgenius.web.i18n import _
from mailgenius.web.texts import message_of, problems_of

LIMIT_FIELDS = ("per_second", "per_minute", "per_hour", "per_day")


@dataclass(frozen=True, kw_only=True)
class ConnectionForm:
    """A connection as typed. Settings are kept by the provider's own keys."""

    provider: str
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    per_second: str = ""
    per_minute: str = ""
    per_hour: str = ""
    per_day: str = ""
    weight: str = "100"
    sender_domains: tuple[str, ...] = ()
    warm_up_start: str = ""
    warm_up_factor: str = "1.5"
    warm_up_target: str = ""
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
            per_minute=str(connection.per_minute or ""),
            per_hour=str(connection.per_hour or ""),
            per_day=str(connection.per_day or ""),
            weight=str(connection.weight),
            sender_domains=connection.sender_domains,
            warm_up_start=str(connection.warm_up_start or ""),
            warm_up_factor=f"{connection.warm_up_factor:g}",
            warm_up_target=str(connection.warm_up_target or ""),
        )

    @classmethod
    def read(cls, posted: Posted, provider: Provider) -> Self:
        form = FormReader(posted)
        limits = {name: form.limit(name) for name in LIMIT_FIELDS}
        weight = form.text("weight", limit=4) or "0"
        if not (weight.isascii() and weight.isdigit()):
            form.refuse("weight", _("Enter a number from 0 to 1000."))
        factor = form.text("warm_up_factor", limit=5).replace(",", ".") or "1.5"
        if not factor.replace(".", "", 1).isdigit():
            form.refuse("warm_up_factor", _("Enter a number above 1 and up to 10, such as 1.5."))
        settings = {
            each.key: form.raw(each.key) if each.secret else form.text(each.key, limit=500)
            for each in provider.fields
        }
        return cls(
            provider=provider.name,
            name=form.text("name", limit=100, required=True),
            settings=settings,
            weight=weight,
            sender_domains=form.tags("sender_domains"),
            warm_up_start=form.limit("warm_up_start"),
            warm_up_factor=factor,
            warm_up_target=form.limit("warm_up_target"),
            errors=form.errors,
            **limits,
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            **{name: int(getattr(self, name)) if getattr(self, name) else None for name in LIMIT_FIELDS}
        )

    @property
    def routing(self) -> Routing:
        return Routing(weight=int(self.weight), sender_domains=self.sender_domains)

    @property
    def warm_up(self) -> WarmUp:
        return WarmUp(
            start=int(self.warm_up_start) if self.warm_up_start else None,
            factor=float(self.warm_up_factor),
            target=int(self.warm_up_target) if self.warm_up_target else None,
        )


def refused(error: MailGeniusError) -> dict[str, str]:
    """What the rules refused, beside the fields of the form: `settings.host` is the field `host`."""
    problems = problems_of(error)
    if not problems:
        return {FORM: message_of(error)}
    return {name.replace("warm_up.", "warm_up_").rpartition(".")[2]: text for name, text in problems.items()}
