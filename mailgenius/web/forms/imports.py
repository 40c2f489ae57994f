"""The form that starts an import: where each column goes, and what happens to leads that exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports.model import MAX_COLUMNS, Preview
from mailgenius.product.leads.model import FieldType, LeadField, Mode
from mailgenius.product.leads.normalise import field_slug
from mailgenius.web.forms.reading import FORM, FormReader, Posted
from mailgenius.web.i18n import N_, _

SKIP: Final = "skip"
FIELD: Final = "field:"
IDENTITIES: Final = ("email", "phone", "external_id")
SHARED: Final = ("name", "tags")
"""Targets that several columns may share: first and last name become one."""
START_FIELDS: Final = ("mode", "tags", "consent_source", "consent_channels")

TARGETS: Final = {
    "email": N_("E-mail address"),
    "phone": N_("Phone number"),
    "name": N_("Name"),
    "external_id": N_("External id"),
    "tags": N_("Tags"),
    "status": N_("Status"),
    "consent_at": N_("Time of consent"),
    "consent_source": N_("Source of consent"),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the file: its header, first values, where it goes, and where it might."""

    index: int
    header: str
    samples: tuple[str, ...]
    target: str
    new_field: LeadField | None
    """The custom field that would be made of this column; None when there is one of that name."""
    chosen: bool
    """Whether it goes to that field."""
    month_first: bool | None
    """How its days are read, when it holds some that fit both ways."""


@dataclass(frozen=True, kw_only=True)
class MappingForm:
    """How a file is taken in."""

    mapping: Mapping[str, str]
    new_fields: Mapping[str, LeadField] = field(default_factory=dict)
    """Fields that are made, by the header of their column."""
    mode: Mode = Mode.MERGE
    tags: tuple[str, ...] = ()
    consent_source: str = ""
    consent_basis: Basis | None = None
    consent_channels: tuple[Channel, ...] = (Channel.EMAIL,)
    dry_run: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Posted) -> Self:
        form = FormReader(posted)
        mapping: dict[str, str] = {}
        new_fields: dict[str, LeadField] = {}
        for index in range(MAX_COLUMNS):
            header = form.raw(f"header-{index}")
            if not header:
                break
            mapping[header] = _target(form.raw(f"column-{index}"))
            new = form.raw(f"new-{index}")
            if new and mapping[header] == FIELD + new:
                new_fields[header] = _new_field(form, index, header)
                mapping[header] = FIELD + new_fields[header].key
        used = [target for target in mapping.values() if target != SKIP]
        twice = sorted({each for each in used if used.count(each) > 1 and each not in SHARED})
        if twice:
            names = ", ".join(target_name(target) for target in twice)
            form.refuse(FORM, _("Two columns go to the same place: %(names)s.", names=names))
        if not set(used) & set(IDENTITIES):
            form.refuse(FORM, _("Choose a column for the e-mail address, the phone or the external id."))
        return cls(
            mapping=mapping,
            new_fields=new_fields,
            mode=form.choice("mode", Mode, default=Mode.MERGE),
            tags=form.tags("tags"),
            consent_source=form.text("consent_source", limit=300),
            consent_basis=form.choice("consent_basis", (None, *Basis), default=None),
            consent_channels=tuple(form.chosen("consent_channels", Channel)) or (Channel.EMAIL,),
            dry_run=form.raw("then") == "try",
            errors=form.errors,
        )


def columns_of(
    preview: Preview,
    form: MappingForm,
    fields: Sequence[LeadField],
    *,
    shown: int = 3,
) -> list[Column]:
    """The columns of a file as the mapping page shows them."""
    known = {each.key for each in fields}
    columns = []
    for index, header in enumerate(preview.columns):
        values = (row[index] for row in preview.rows if index < len(row))
        samples = tuple(dict.fromkeys(value for value in values if value))[:shown]
        target, guess = form.mapping.get(header, SKIP), preview.guessed_mapping[header]
        # The guess keeps the keys of columns of one name apart.
        key = guess.removeprefix(FIELD) if guess.startswith(FIELD) else field_slug(header)
        proposed = LeadField(
            key=key,
            label=header,
            type=preview.guessed_types.get(header, FieldType.TEXT),
            choices=tuple(preview.seen_choices.get(header, ())),
        )
        new = form.new_fields.get(header, None if key in known else proposed)
        columns.append(
            Column(
                index=index,
                header=header,
                samples=samples,
                target=target,
                new_field=new,
                chosen=new is not None and target == FIELD + new.key,
                month_first=preview.month_first.get(header),
            )
        )
    return columns


def target_name(target: str) -> str:
    """A target as people call it."""
    if target in TARGETS:
        return _(TARGETS[target])
    return target.removeprefix(FIELD)


def _new_field(form: FormReader, index: int, header: str) -> LeadField:
    """The field that a column makes, as typed; what was left empty is made of the header."""
    label = form.text(f"label-{index}", limit=100) or header
    return LeadField(
        key=form.text(f"key-{index}", limit=63).lower() or field_slug(label),
        label=label,
        type=form.choice(f"type-{index}", FieldType, default=FieldType.TEXT),
        choices=form.lines(f"choices-{index}"),
    )


def _target(value: str) -> str:
    """The posted target; what no list offers is left out of the import."""
    value = value.strip()
    return value if value in TARGETS or value.startswith(FIELD) else SKIP
