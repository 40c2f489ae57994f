"""Custom fields: added with a type, renamed, given choices and a default, put away. No lead is touched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes as differences
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid, Problem, invalid
from mailgenius.product.leads import field_values, fields as stored_fields, normalise
from mailgenius.product.leads.errors import FieldKeyTaken, FieldNotFound, TooManyFields
from mailgenius.product.leads.model import FieldType, LeadField

MAX_FIELDS = 300
"""Fields of one workspace that are in use."""
MAX_EVER = 1_000
"""With those that were put away: their values are still checked, so each of them costs something."""
MAX_CHOICES = 200
MAX_LABEL = 100
CHOOSING = frozenset({FieldType.CHOICE, FieldType.CHOICES})


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChanges:
    """What to change of a field; None leaves it as it is."""

    label: str | None = None
    type: FieldType | None = None
    choices: Sequence[str] | None = None
    default_value: Any = None
    clear_default: bool = False
    archived: bool | None = None


async def get_field(tx: Tx, *, workspace_id: int, key: str) -> LeadField:
    """Return one custom field, archived or not.

    Raises:
        FieldNotFound: this workspace has no such field.
    """
    for field in await stored_fields.list_fields(tx, workspace_id=workspace_id):
        if field.key == key:
            return field
    raise FieldNotFound


async def create_field(
    tx: Tx,
    *,
    workspace_id: int,
    label: str,
    type: FieldType,  # noqa: A002  # The domain's word.
    key: str = "",
    choices: Sequence[str] = (),
    default_value: Any = None,
) -> LeadField:
    """Add a custom field. Without a key, one is made of the label.

    Raises:
        Invalid: a value is wrong.
        TooManyFields: the workspace would have too many.
        FieldKeyTaken: there is a field with this key, perhaps archived.
    """
    field = checked_field(
        LeadField(
            key=key or normalise.field_slug(label),
            label=label,
            type=type,
            choices=tuple(choices),
            default_value=default_value,
        )
    )
    check_room([*await stored_fields.list_fields(tx, workspace_id=workspace_id), field])
    if not await stored_fields.create_field(tx, workspace_id=workspace_id, field=field):
        raise FieldKeyTaken
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="field.created",
        object_id=field.key,
        name=field.label,
        details={"type": field.type},
    )
    return field


async def ensure_fields(tx: Tx, *, workspace_id: int, fields: Sequence[LeadField]) -> None:
    """Make those of some checked fields that do not exist. A second run finds them made."""
    for field in fields:
        await stored_fields.create_field(tx, workspace_id=workspace_id, field=field)


async def update_field(tx: Tx, *, workspace_id: int, key: str, changes: FieldChanges) -> LeadField:
    """Change what a field is called, what it may be, its default, or whether it is offered.

    The values that leads have stay as they are, whatever the type becomes: those that do not fit it count as
    empty in segments, and are only checked when they are written again.

    Raises:
        FieldNotFound: this workspace has no such field.
        Invalid: a value is wrong.
        TooManyFields: it comes back into use, and there would be too many.
    """
    before = await stored_fields.lock_field(tx, workspace_id=workspace_id, key=key)
    default = before.default_value if changes.default_value is None else changes.default_value
    archived_at = before.archived_at
    if changes.archived is not None:
        archived_at = (before.archived_at or clock.now()) if changes.archived else None
    after = replace(
        before,
        label=before.label if changes.label is None else changes.label,
        type=before.type if changes.type is None else changes.type,
        choices=before.choices if changes.choices is None else tuple(changes.choices),
        default_value=None if changes.clear_default else default,
        archived_at=archived_at,
    )
    field = checked_field(after)
    if before.archived_at is not None and field.archived_at is None:
        others = await stored_fields.list_fields(tx, workspace_id=workspace_id)
        check_room([field, *(each for each in others if each.key != key)])
    await stored_fields.update_field(tx, workspace_id=workspace_id, field=field)
    action = "field.changed"
    if (field.archived_at is None) != (before.archived_at is None):
        action = "field.restored" if field.archived_at is None else "field.archived"
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action=action,
        object_id=field.key,
        name=field.label,
        details=differences(before, field, "label", "type", "choices", "default_value"),
    )
    return field


async def typed_fields(tx: Tx, *, workspace_id: int) -> dict[str, LeadField]:
    """Return the fields whose values must have a form: all but texts. Archived ones are still checked."""
    return typed_among(await stored_fields.list_fields(tx, workspace_id=workspace_id))


def typed_among(fields: Iterable[LeadField]) -> dict[str, LeadField]:
    return {field.key: field for field in fields if field.type is not FieldType.TEXT}


def fitting(values: dict[str, Any] | None, typed: Mapping[str, LeadField]) -> dict[str, Any] | None:
    """Return the custom values of a lead in the form of their fields.

    Raises:
        Invalid: one does not fit its field.
    """
    if not values:
        return values
    clean, problems = field_values.cleaned(values, typed)
    if problems:
        raise Invalid(problems=[Problem("fields", problem) for problem in problems])
    return clean


def check_room(fields: Sequence[LeadField]) -> None:
    """Refuse so many fields of one workspace. Those that were put away leave room for others.

    Raises:
        TooManyFields: it may not have them.
    """
    if len(fields) > MAX_EVER:
        raise TooManyFields(limit=MAX_EVER)
    if sum(each.archived_at is None for each in fields) > MAX_FIELDS:
        raise TooManyFields(limit=MAX_FIELDS)


def checked_field(field: LeadField) -> LeadField:
    """Return a field in normal form.

    Raises:
        Invalid: a value is wrong; each problem names its part of the field.
    """
    label = normalise.line(field.label, limit=MAX_LABEL)
    problems = [] if label else [Problem("label", f"must have 1 to {MAX_LABEL} characters")]
    try:
        normalise.field_key(field.key)
    except ValueError as error:
        problems.append(Problem("key", str(error)))
    choices = tuple(
        dict.fromkeys(c for each in field.choices if (c := normalise.line(each, limit=MAX_LABEL)))
    )
    if field.type not in CHOOSING:
        choices = ()
    elif not 1 <= len(choices) <= MAX_CHOICES:
        problems.append(Problem("choices", f"name 1 to {MAX_CHOICES} of them"))
    elif any("," in choice or ";" in choice or "|" in choice for choice in choices):
        problems.append(
            Problem("choices", "must not hold commas, semicolons or bars: files put them between")
        )
    if problems:
        raise Invalid(problems=problems)
    clean = replace(field, label=label, choices=choices)
    return replace(clean, default_value=_default(clean))


def _default(field: LeadField) -> Any:
    if field.default_value is None:
        return None
    try:
        return field_values.in_form(field, field.default_value)
    except ValueError as error:
        raise invalid("default_value", str(error)) from error
