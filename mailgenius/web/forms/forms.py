"""The builder of a sign-up form: what it asks, says and gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.product.forms.model import FIELD, Form, FormField, FormInput, Language
from mailgenius.product.leads.model import LeadField
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import N_, _

SIGNUP_FIELDS: Final = (
    *("name", "title", "intro", "consent_text", "tags", "success_text", "redirect_url"),
    *("double_opt_in", "template_id", "connection_id", "fields"),
)
LANGUAGE_NAMES: Final = {Language.ENGLISH: N_("English"), Language.PORTUGUESE: N_("Portuguese")}
_OWN_LABELS: Final = {"name": N_("Name"), "phone": N_("Phone number")}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that a form may ask, as the builder shows it."""

    key: str
    what: str
    label: str
    asked: bool
    required: bool


@dataclass(frozen=True, kw_only=True)
class SignupForm:
    """A form as typed."""

    given: FormInput
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fresh(cls, language: Language) -> Self:
        return cls(given=FormInput(name="", title="", consent_text="", language=language))

    @classmethod
    def of(cls, form: Form) -> Self:
        names = FormInput.__dataclass_fields__
        return cls(given=FormInput(**{name: getattr(form, name) for name in names}))

    @classmethod
    def read(cls, posted: Posted, fields: Sequence[LeadField]) -> Self:
        form = FormReader(posted)
        asked = [
            FormField(
                key=key,
                label=form.text(f"label:{key}") or what,
                required=form.flag(f"required:{key}"),
            )
            for key, what in _possible(fields)
            if form.flag(f"ask:{key}")
        ]
        given = FormInput(
            name=form.text("name", required=True),
            title=form.text("title", required=True),
            consent_text=form.raw("consent_text"),
            language=form.choice("language", Language, default=Language.ENGLISH),
            intro=form.raw("intro"),
            fields=tuple(asked),
            tags=form.tags("tags"),
            success_text=form.raw("success_text"),
            redirect_url=form.text("redirect_url", limit=2000),
            double_opt_in=form.flag("double_opt_in"),
            template_id=next(iter(form.ids("template_id")), None),
            connection_id=next(iter(form.ids("connection_id")), None),
        )
        return cls(given=given, errors=form.errors)

    def questions(self, fields: Sequence[LeadField]) -> list[Question]:
        """All that may be asked, with what was chosen."""
        chosen = {each.key: each for each in self.given.fields}
        return [
            Question(
                key=key,
                what=what,
                label=chosen[key].label if key in chosen else what,
                asked=key in chosen,
                required=key in chosen and chosen[key].required,
            )
            for key, what in _possible(fields)
        ]


def _possible(fields: Sequence[LeadField]) -> list[tuple[str, str]]:
    own = [(key, _(name)) for key, name in _OWN_LABELS.items()]
    return own + [(FIELD + each.key, each.label) for each in fields]
