"""The shapes of forms in JSON. No routes."""

from datetime import datetime
from typing import Annotated, Self

from msgspec import UNSET, Meta, UnsetType, field
from msgspec.structs import replace

from mailgenius.api.bodies import Answer, Body, Id
from mailgenius.product.forms.model import Form, FormField, FormInput, Language

Title = Annotated[str, Meta(description="Stands at the head of the page.", examples=["News from the shop"])]
ConsentText = Annotated[
    str, Meta(description="Beside the box that must be ticked. Another text is another version.")
]
RedirectUrl = Annotated[str, Meta(description="Where to go when all is done, instead of the text.")]


class FormFieldShape(Body):
    """Something that is asked beside the e-mail address."""

    key: Annotated[str, Meta(description="name, phone or field:<key>.", examples=["field:city"])]
    label: str
    required: bool = False

    @classmethod
    def of(cls, asked: FormField) -> Self:
        return cls(key=asked.key, label=asked.label, required=asked.required)


class FormBody(Body):
    """A form: all of it, also when it is changed."""

    name: Annotated[str, Meta(description="For yourselves; the ledger of consents names it.")]
    title: Title
    consent_text: ConsentText
    language: Language = Language.ENGLISH
    intro: str = ""
    fields: list[FormFieldShape] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    success_text: str = ""
    redirect_url: RedirectUrl = ""
    double_opt_in: Annotated[
        bool, Meta(description="Ask the address to confirm before it becomes a lead.")
    ] = True
    template_id: Id | None = None
    connection_id: Id | None = None

    @classmethod
    def of(cls, form: Form) -> Self:
        return cls(
            name=form.name,
            title=form.title,
            consent_text=form.consent_text,
            language=form.language,
            intro=form.intro,
            fields=[FormFieldShape.of(each) for each in form.fields],
            tags=list(form.tags),
            success_text=form.success_text,
            redirect_url=form.redirect_url,
            double_opt_in=form.double_opt_in,
            template_id=None if form.template_id is None else str(form.template_id),
            connection_id=None if form.connection_id is None else str(form.connection_id),
        )

    def as_input(self) -> FormInput:
        return FormInput(
            name=self.name,
            title=self.title,
            consent_text=self.consent_text,
            language=self.language,
            intro=self.intro,
            fields=tuple(
                FormField(key=each.key, label=each.label, required=each.required) for each in self.fields
            ),
            tags=tuple(self.tags),
            success_text=self.success_text,
            redirect_url=self.redirect_url,
            double_opt_in=self.double_opt_in,
            template_id=None if self.template_id is None else int(self.template_id),
            connection_id=None if self.connection_id is None else int(self.connection_id),
        )


class FormChanges(Body):
    """What to change of a form; what is absent stays."""

    name: str | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    consent_text: ConsentText | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    intro: str | UnsetType = UNSET
    fields: list[FormFieldShape] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    success_text: str | UnsetType = UNSET
    redirect_url: RedirectUrl | UnsetType = UNSET
    double_opt_in: bool | UnsetType = UNSET
    template_id: Id | UnsetType | None = UNSET
    connection_id: Id | UnsetType | None = UNSET

    def applied_to(self, form: FormBody) -> FormInput:
        given = {
            name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET
        }
        return replace(form, **given).as_input()


class FormAnswer(Answer):
    """A form, where it is, and how many came by it."""

    id: Id
    url: Annotated[str, Meta(description="Its page; other pages may send their answers there.")]
    name: str
    title: Title
    consent_text: ConsentText
    text_version: int
    language: Language
    intro: str
    fields: list[FormFieldShape]
    tags: list[str]
    success_text: str
    redirect_url: RedirectUrl
    double_opt_in: bool
    template_id: Id | None
    connection_id: Id | None
    pending: Annotated[int, Meta(description="Addresses that were asked to confirm and did not yet.")]
    confirmed: Annotated[int, Meta(description="Addresses that came by this form.")]
    created_at: datetime

    @classmethod
    def of(cls, form: Form, *, base_url: str) -> Self:
        return cls(
            id=str(form.id),
            url=f"{base_url}/f/{form.public_id}",
            name=form.name,
            title=form.title,
            consent_text=form.consent_text,
            text_version=form.text_version,
            language=form.language,
            intro=form.intro,
            fields=[FormFieldShape.of(each) for each in form.fields],
            tags=list(form.tags),
            success_text=form.success_text,
            redirect_url=form.redirect_url,
            double_opt_in=form.double_opt_in,
            template_id=None if form.template_id is None else str(form.template_id),
            connection_id=None if form.connection_id is None else str(form.connection_id),
            pending=form.pending,
            confirmed=form.confirmed,
            created_at=form.created_at,
        )


class FormList(Answer):
    """The forms in use, newest first."""

    items: list[FormAnswer]
