"""The form that starts an import: where each column goes, and what happens to leads that exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from mailgenius.channels.contract import Channel
from mailgenius.product.consents.model import Basis
from mailgenius.product.imports.model import MAX_COLUMNS, Preview
from mailgenius.product.leads.model import LeadField, Mode
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
    new_field: str
    """The custom field that would be made of this header; empty when there is one of that name."""
    month_first: bool | None
    """How its days are read, when it holds some that fit both ways."""


@dataclass(frozen=True, kw_only=True)
class MappingForm:
    """How a file is taken in."""

    mapping: Mapping[str, str]
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
        for index in range(MAX_COLUMNS):
            header = form.raw(f"header-{index}")
            if not header:
                break
            mapping[header] = _target(form.raw(f"column-{index}"))
        used = [target for target in mapping.values() if target != SKIP]
        twice = sorted({each for each in used if used.count(each) > 1 and each not in SHARED})
        if twice:
            names = ", ".join(target_name(target) for target in twice)
            form.refuse(FORM, _("Two columns go to the same place: %(names)s.", names=names))
        if not set(used) & set(IDENTITIES):
            form.refuse(FORM, _("Choose a column for the e-mail address, the phone or the external id."))
        return cls(
            mapping=mapping,
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
    mapping: Mapping[str, str],
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
        slug = field_slug(header)
        columns.append(
            Column(
                index=index,
                header=header,
                samples=samples,
                target=mapping.get(header, SKIP),
                new_field="" if slug in known else slug,
                month_first=preview.month_first.get(header),
            )
        )
    return columns


def target_name(target: str) -> str:
    """A target as people call it."""
    if target in TARGETS:
        return _(TARGETS[target])
    return target.removeprefix(FIELD)


def _target(value: str) -> str:
    """The posted target; what no list offers is left out of the import."""
    value = value.strip()
    return value if value in TARGETS or value.startswith(FIELD) else SKIP
