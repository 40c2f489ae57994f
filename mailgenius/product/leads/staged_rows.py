"""Leads in normal form as the text that `stage-csv` reads. Pure functions; imports use polars."""

from collections.abc import Iterator, Sequence

import msgspec

from mailgenius.product.leads.rounds import PlannedLead

ROWS_AT_ONCE = 1_000


def csv_of(planned: Sequence[PlannedLead]) -> Iterator[bytes]:
    """Yield the rows in the order of their e-mails, some at a time."""
    ordered = sorted(planned, key=lambda each: each.lead.email or "")
    for start in range(0, len(ordered), ROWS_AT_ONCE):
        yield "".join(map(_row, ordered[start : start + ROWS_AT_ONCE])).encode()


def array_literal(values: Sequence[str]) -> str:
    """Return texts as PostgreSQL reads an array."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _row(planned: PlannedLead) -> str:
    lead = planned.lead
    tags = None if lead.tags is None else array_literal(lead.tags)
    fields = msgspec.json.encode(lead.fields).decode() if lead.fields else None
    consent_at = "" if lead.consent_at is None else lead.consent_at.isoformat()
    return (
        f"{planned.n},{planned.round_no},{_cell(lead.email)},{_cell(lead.phone)},{_cell(lead.external_id)},"
        f"{_cell(lead.name)},{lead.status or ''},{_cell(tags)},{_cell(fields)},"
        f"{consent_at},{_cell(lead.consent_source)}\n"
    )


def _cell(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'
