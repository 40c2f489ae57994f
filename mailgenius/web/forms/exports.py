"""The form of an export: which leads, which columns, what kind of file."""

from dataclasses import dataclass
from typing import Self

from mailgenius.product.exports.model import Format
from mailgenius.web.forms.lead_filters import LeadFilters
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.forms.reading import FormReader, Posted


@dataclass(frozen=True, kw_only=True)
class ExportForm:
    """Whom to export, as the list of leads tells it, and into what."""

    leads: BulkForm
    columns: tuple[str, ...]
    format: Format

    @classmethod
    def read(cls, posted: Posted, known: list[str], *, timezone: str) -> Self:
        form = FormReader(posted)
        return cls(
            leads=BulkForm.read(posted, timezone=timezone),
            columns=tuple(form.chosen("columns", known)),
            format=form.choice("format", Format, default=Format.CSV),
        )

    @classmethod
    def of(cls, leads: BulkForm) -> Self:
        return cls(leads=leads, columns=(), format=Format.CSV)

    @classmethod
    def asked(cls, filters: LeadFilters) -> Self:
        """The form for all leads that a filter of the list shows."""
        return cls.of(
            BulkForm(
                action="export",
                ids=[],
                tags=(),
                everything=True,
                filters=filters,
                expected=None,
                field_key="",
                field_value="",
                campaign_id=None,
            )
        )
