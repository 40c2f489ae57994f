"""Forms of leads: add one, edit one, act on many."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import Lead, LeadField, LeadInput, LeadStatus
from mailgenius.product.leads.normalise import field_slug
from mailgenius.web.forms.custom_values import CustomField, changed_values, custom_fields, read_custom
from mailgenius.web.forms.lead_filters import NAMES, LeadFilters
from mailgenius.web.forms.reading import FormReader, Posted
from mailgenius.web.i18n import _

LEAD_FIELDS: Final = ("email", "phone", "external_id", "name", "tags", "consent_source", "consent_at")
BULK_ACTIONS: Final = (
    "add_tags",
    "remove_tags",
    "set_field",
    "exclude",
    "export",
    "delete",
    *(f"status:{status}" for status in LeadStatus),
)
STATUS_ACTION: Final = "status:"


@dataclass(frozen=True, kw_only=True)
class LeadForm:
    """A lead as its form shows it: every value a text."""

    email: str = ""
    phone: str = ""
    external_id: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    consent_at: datetime | None = None
    consent_source: str = ""
    custom: tuple[CustomField, ...] = ()
    new_label: str = ""
    new_value: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lead: Lead, fields: Sequence[LeadField], *, timezone: str) -> Self:
        return cls(
            email=lead.email or "",
            phone=lead.phone or "",
            external_id=lead.external_id or "",
            name=lead.name,
            tags=lead.tags,
            consent_at=lead.consent_at,
            consent_source=lead.consent_source,
            custom=custom_fields(lead.fields, fields, timezone=timezone),
        )

    @classmethod
    def read(
        cls,
        posted: Posted,
        fields: Sequence[LeadField],
        *,
        timezone: str,
        stored: Mapping[str, Any] | None = None,
    ) -> Self:
        """Read the form of a new lead, or of one with these custom values."""
        form = FormReader(posted)
        custom = read_custom(form, fields, stored or {}, timezone=timezone)
        new_label, new_value = form.text("new_label", limit=60), form.raw("new_value").strip()
        if new_value and not new_label:
            form.refuse("new_label", _("Give the new field a name."))
        return cls(
            email=form.text("email", limit=254),
            phone=form.text("phone", limit=40),
            external_id=form.text("external_id", limit=200),
            name=form.text("name", limit=300),
            tags=form.tags("tags"),
            consent_at=form.moment("consent_at", timezone),
            consent_source=form.text("consent_source", limit=300),
            custom=custom,
            new_label=new_label,
            new_value=new_value,
            errors=form.errors,
        )

    def as_new(self) -> LeadInput:
        """The command for a lead to add: what is empty is not said."""
        return LeadInput(
            email=self.email or None,
            phone=self.phone or None,
            external_id=self.external_id or None,
            name=self.name or None,
            tags=self.tags or None,
            consent_at=self.consent_at,
            consent_source=self.consent_source or None,
        )

    def as_changes(self, lead: Lead, *, timezone: str) -> LeadInput:
        """The command for an edit: what is empty is cleared, and untouched custom values keep their type."""
        fields = changed_values(self.custom, lead.fields, timezone=timezone)
        if self.new_label and self.new_value:
            fields[field_slug(self.new_label)] = self.new_value
        return LeadInput(
            email=self.email,
            phone=self.phone,
            external_id=self.external_id,
            name=self.name,
            tags=self.tags,
            fields=fields or None,
            consent_at=self.consent_at,
            consent_source=self.consent_source,
        )


@dataclass(frozen=True, kw_only=True)
class BulkForm:
    """An act on chosen leads, or on all that match the filter of the list."""

    action: str
    ids: list[int]
    tags: tuple[str, ...]
    everything: bool
    filters: LeadFilters
    expected: int | None
    """How many leads the person typed; -1 for something that is no number."""
    field_key: str
    field_value: str
    campaign_id: int | None

    @classmethod
    def read(cls, posted: Posted, *, timezone: str) -> Self:
        form = FormReader(posted)
        campaign_ids = form.ids("campaign_id")
        typed = re.sub(r"[\s.,]", "", form.raw("expected"))
        return cls(
            action=form.choice("action", BULK_ACTIONS, default=""),
            ids=form.ids("ids"),
            tags=form.tags("tags"),
            everything=form.flag("all_matching"),
            filters=LeadFilters.read({name: form.raw(name) for name in NAMES}, timezone=timezone),
            expected=(int(typed) if typed.isdecimal() else -1) if typed else None,
            field_key=form.raw("field_key"),
            field_value=form.raw("field_value").strip(),
            campaign_id=campaign_ids[0] if campaign_ids else None,
        )

    def kept(self) -> list[tuple[str, str]]:
        """What a page that asks for more carries along: who is meant."""
        if not self.everything:
            return [("ids", str(lead_id)) for lead_id in self.ids]
        return [("all_matching", "1"), *self.filters.kept()]

    def wanted(self) -> Wanted:
        """The leads that are meant: the chosen ones, or all that match; a segment is compiled beside it."""
        if not self.everything:
            return Wanted(lead_ids=self.ids)
        return self.filters.wanted()

    @property
    def segment(self) -> int | None:
        """The segment whose members are meant, when all that match are."""
        return self.filters.segment if self.everything else None

    @property
    def status(self) -> LeadStatus | None:
        """The status to give, when that is the act."""
        if not self.action.startswith(STATUS_ACTION):
            return None
        return LeadStatus(self.action.removeprefix(STATUS_ACTION))
