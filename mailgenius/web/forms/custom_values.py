"""Values of custom fields in a form: each has the input of its type, and is read from what that sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mailgenius.product.leads import field_values
from mailgenius.product.leads.model import FieldType, LeadField
from mailgenius.web.formats import zone_of
from mailgenius.web.forms.reading import FormReader

CUSTOM: Final = "field:"
"""Prefix of the inputs of custom fields."""


@dataclass(frozen=True, kw_only=True)
class CustomField:
    """One custom field of a lead as the form shows it."""

    key: str
    label: str
    input: FieldType
    """What the input is made for. A value from the time before the field got its type is shown as a text."""
    choices: tuple[str, ...] = ()
    value: str = ""
    sent: str | list[str] = ""
    """What is stored when the value was changed; empty takes it away."""

    @property
    def options(self) -> list[tuple[str, str]]:
        return [(choice, choice) for choice in self.choices]

    @property
    def values(self) -> list[str]:
        """The choices that are ticked."""
        return self.sent if isinstance(self.sent, list) else []


def custom_fields(
    stored: Mapping[str, Any], fields: Sequence[LeadField], *, timezone: str
) -> tuple[CustomField, ...]:
    """The workspace's custom fields with a lead's values."""
    return tuple(_shown(each, stored.get(each.key), timezone) for each in fields)


def read_custom(
    form: FormReader, fields: Sequence[LeadField], stored: Mapping[str, Any], *, timezone: str
) -> tuple[CustomField, ...]:
    """The custom fields as somebody filled them in."""
    return tuple(_read(form, _shown(each, stored.get(each.key), timezone), timezone) for each in fields)


def changed_values(
    custom: Sequence[CustomField], stored: Mapping[str, Any], *, timezone: str
) -> dict[str, Any]:
    """What to store: untouched values keep their form."""
    return {
        each.key: each.sent
        for each in custom
        if each.value != _text(each.input, stored.get(each.key), timezone)
    }


def _shown(field: LeadField, value: Any, timezone: str) -> CustomField:
    kind = field.type if _fits(field, value) else FieldType.TEXT
    return CustomField(
        key=field.key,
        label=field.label,
        input=kind,
        choices=field.choices,
        value=_text(kind, value, timezone),
        sent=value if isinstance(value, list) else "",
    )


def _read(form: FormReader, shown: CustomField, timezone: str) -> CustomField:
    name = CUSTOM + shown.key
    value = form.raw(name).strip()
    sent: str | list[str] = value
    if shown.input is FieldType.CHOICES:
        sent = form.chosen(name, shown.choices)
        value = "; ".join(sent)
    elif shown.input is FieldType.DATETIME:
        moment = form.moment(name, timezone)
        sent = moment.isoformat() if moment else ""
    return CustomField(
        key=shown.key, label=shown.label, input=shown.input, choices=shown.choices, value=value, sent=sent
    )


def _fits(field: LeadField, value: Any) -> bool:
    if value is None or field.type is FieldType.TEXT:
        return True
    try:
        return bool(field_values.in_form(field, value) == value)
    except ValueError:
        return False


def _text(kind: FieldType, value: Any, timezone: str) -> str:
    """A value as its input shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if kind is FieldType.DATETIME:
        moment = datetime.fromisoformat(value)
        local = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(zone_of(timezone))
        return local.strftime("%Y-%m-%dT%H:%M")
    return str(value)
