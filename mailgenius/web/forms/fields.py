"""The form of a custom field: its name, what its values are, what may be chosen, what templates print."""

from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.product.leads.service import FieldChanges
from mailgenius.web.forms.reading import FormReader, Posted

FIELD_FIELDS: Final = ("label", "type", "key", "choices", "default_value")


@dataclass(frozen=True, kw_only=True)
class FieldForm:
    """A custom field as typed."""

    label: str = ""
    type: FieldType = FieldType.TEXT
    key: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: LeadField) -> Self:
        value = stored.default_value
        if isinstance(value, bool):
            default = "yes" if value else "no"
        else:
            default = "" if value is None else "; ".join(value) if isinstance(value, list) else str(value)
        return cls(
            label=stored.label, type=stored.type, key=stored.key, choices=stored.choices, default=default
        )

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        return cls(
            label=form.text("label", limit=100, required=True),
            type=form.choice("type", FieldType, default=FieldType.TEXT),
            key=form.text("key", limit=63).lower(),
            choices=form.lines("choices"),
            default=form.text("default_value", limit=1000),
            errors=form.errors,
        )

    @property
    def changes(self) -> FieldChanges:
        return FieldChanges(
            label=self.label,
            type=self.type,
            choices=self.choices,
            default_value=self.default or None,
            clear_default=not self.default,
        )
