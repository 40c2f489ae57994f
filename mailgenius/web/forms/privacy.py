"""The forms of privacy: how long what is kept, and who is let in again."""

from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.product.privacy.model import Person, Retention
from mailgenius.web.forms.reading import FormReader, Posted

TERMS: Final = ("tracking_months", "data_days", "attempts_days", "files_days", "inactive_months")
PERSON: Final = ("email", "phone", "external_id", "source")


@dataclass(frozen=True, kw_only=True)
class RetentionForm:
    """The terms as typed; empty is for ever."""

    terms: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Retention) -> Self:
        return cls(terms={name: str(getattr(rules, name) or "") for name in TERMS})

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        form.text("data_days", required=True)
        return cls(terms={name: form.limit(name) for name in TERMS}, errors=form.errors)

    @property
    def rules(self) -> Retention:
        """The command. Call it only when the form has no errors."""
        return Retention(**{name: int(value) if value else None for name, value in self.terms.items()})  # type: ignore[arg-type]  # read() refuses a missing data_days.


@dataclass(frozen=True, kw_only=True)
class AllowForm:
    """Who came back, as typed."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        values = {name: form.text(name, limit=300) for name in PERSON}
        form.text("source", limit=300, required=True)
        if not any(values[name] for name in PERSON[:3]):
            form.text("email", required=True)
        return cls(values=values, errors=form.errors)

    @property
    def person(self) -> Person:
        values = self.values
        return Person(email=values["email"], phone=values["phone"], external_id=values["external_id"])
