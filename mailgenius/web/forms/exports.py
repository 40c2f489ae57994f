"""The form of an export: which leads, which columns, what kind of file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from mailgenius.product.exports.model import Format
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import LeadStatus
from mailgenius.web.forms.leads import BulkForm
from mailgenius.web.forms.reading import FormReader, Posted


@dataclass(frozen=True, kw_only=True)
class ExportForm:
    """Whom to export, as the list of leads tells it, and into what."""

    leads: BulkForm
    segment_id: int | None
    columns: tuple[str, ...]
    format: Format

    @classmethod
    def read(cls, posted: Posted, known: list[str]) -> Self:
        form = FormReader(posted)
        segments = form.ids("segment_id")
        return cls(
            leads=BulkForm.read(posted),
            segment_id=segments[0] if segments else None,
            columns=tuple(form.chosen("columns", known)),
            format=form.choice("format", Format, default=Format.CSV),
        )

    @classmethod
    def of(cls, leads: BulkForm) -> Self:
        return cls(leads=leads, segment_id=None, columns=(), format=Format.CSV)

    @classmethod
    def asked(cls, asked: Callable[[str], str]) -> Self:
        """Read whom an address names: a segment, or all leads that a filter of the list shows."""
        status, segment = asked("status"), asked("segment_id")
        everyone = BulkForm(
            action="export",
            ids=[],
            tags=(),
            everything=True,
            search=asked("search"),
            tag=asked("tag"),
            status_is=LeadStatus(status) if status in set(LeadStatus) else None,
            expected=None,
            field_key="",
            field_value="",
            campaign_id=None,
        )
        named = int(segment) if segment.isdecimal() and len(segment) < 19 else None  # noqa: PLR2004  # bigint
        return cls(leads=everyone, segment_id=named, columns=(), format=Format.CSV)

    def wanted(self) -> Wanted:
        return self.leads.wanted()
