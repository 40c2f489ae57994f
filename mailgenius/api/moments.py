"""Moments as callers write them."""

from datetime import UTC, datetime


def zoned(moment: datetime | None) -> datetime | None:
    """Return a moment; one without a zone is in UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
