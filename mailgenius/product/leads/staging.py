"""One typed function for each statement of queries.sql on the staging table. No decisions here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import msgspec

from mailgenius.engine.suppression.erasing import erased_key
from mailgenius.kit.db.queries import Fragment, load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.leads.model import Lead, LeadInput, LeadStatus, Upserted

_SQL = load_queries(__file__)
_INSERT_GIVEN = _SQL["insert-given"].reading(
    Fragment(sql=f"({_SQL['given-rows'].sql}) given", parameters=dict.fromkeys(["workspace_id", "rows"]))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRow:
    """A staged row that was given up, with what is needed to say why."""

    n: int
    clash: str
    clash_value: str | None
    lead_id: int | None
    email: str | None
    phone: str | None
    external_id: str | None
    by_external_id: int | None
    by_email: int | None
    by_phone: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StagedStop:
    """A staged row that says itself that its lead must not be written to."""

    status: LeadStatus
    email: str | None
    phone: str | None
    lead_id: int | None
    """None when the row made its lead."""


class Insertion(TypedDict):
    """What the statements that create leads are told."""

    workspace_id: int
    added_tags: list[str]
    replacing: bool
    import_id: int | None
    basis: str | None


async def open_staging(tx: Tx) -> None:
    await tx.execute(_SQL["open-staging"])


async def stage_csv(tx: Tx, data: Iterable[bytes]) -> None:
    await tx.copy_bytes(_SQL["stage-csv"], data)


async def mark_suppressed(tx: Tx, *, workspace_id: int) -> int:
    return await tx.execute(_SQL["mark-suppressed"], workspace_id=workspace_id)


async def has_erased(tx: Tx, *, workspace_id: int) -> bool:
    found: bool = await tx.value(_SQL["has-erased"], workspace_id=workspace_id)
    return found


async def reject_erased(tx: Tx, *, workspace_id: int) -> list[int]:
    """Return the round of each row that was given up."""
    rows = await tx.rows(_SQL["reject-erased"], workspace_id=workspace_id, **erased_key(tx))
    return [row[0] for row in rows]


async def count_known(tx: Tx, *, workspace_id: int, round_no: int) -> int:
    found: int = await tx.value(_SQL["count-known"], workspace_id=workspace_id, round=round_no)
    return found


async def insert_staged(tx: Tx, *, round_no: int, **insertion: Unpack[Insertion]) -> int:
    return await tx.execute(_SQL["insert-staged"], round=round_no, **insertion)


async def insert_fresh(tx: Tx, *, round_no: int, **insertion: Unpack[Insertion]) -> int:
    return await tx.execute(_SQL["insert-fresh"], round=round_no, **insertion)


async def insert_given(tx: Tx, *, rows: Sequence[LeadInput], **insertion: Unpack[Insertion]) -> list[Lead]:
    """Create leads of rows that are not staged, and return them. Those that are known are passed over."""
    given = [
        {
            "email": row.email,
            "phone": row.phone,
            "external_id": row.external_id,
            "name": row.name,
            "tags": row.tags,
            "fields": row.fields or None,
        }
        for row in rows
    ]
    rows_text = msgspec.json.encode(given).decode()
    return [_lead(values) for values in await tx.rows(_INSERT_GIVEN, rows=rows_text, round=0, **insertion)]


async def settle_created(tx: Tx, *, workspace_id: int, round_no: int) -> int:
    return await tx.execute(_SQL["settle-created"], workspace_id=workspace_id, round=round_no)


class Comparison(TypedDict):
    """What the statements are told that compare staged rows with leads."""

    workspace_id: int
    round: int
    added_tags: list[str]
    replacing: bool


async def count_same(tx: Tx, **how: Unpack[Comparison]) -> int:
    same: int = await tx.value(_SQL["count-same"], **how)
    return same


async def settle_same(tx: Tx, **how: Unpack[Comparison]) -> int:
    settled: int = await tx.value(_SQL["settle-same"], **how)
    return settled


async def match_staged(tx: Tx, *, workspace_id: int, round_no: int) -> int:
    return await tx.execute(_SQL["match-staged"], workspace_id=workspace_id, round=round_no)


async def update_matched(
    tx: Tx,
    *,
    workspace_id: int,
    round_no: int,
    added_tags: Sequence[str],
    replacing: bool,
    kind: str,
    detail: dict[str, str],
) -> int:
    return await tx.execute(
        _SQL["update-matched"],
        workspace_id=workspace_id,
        round=round_no,
        added_tags=list(added_tags),
        replacing=replacing,
        kind=kind,
        detail=json_value(detail),
    )


async def keep_matched(tx: Tx, *, round_no: int) -> int:
    return await tx.execute(_SQL["keep-matched"], round=round_no)


async def reject_clashing(tx: Tx, *, round_no: int) -> int:
    return await tx.execute(_SQL["reject-clashing"], round=round_no)


async def outcomes(tx: Tx, *, round_no: int) -> dict[str, int]:
    return dict(await tx.rows(_SQL["outcomes"], round=round_no))


async def fresh_staged(tx: Tx) -> list[int]:
    return [n for (n,) in await tx.rows(_SQL["fresh-staged"])]


async def rejected_staged(tx: Tx) -> list[RejectedRow]:
    return await tx.all(RejectedRow, _SQL["rejected-staged"])


async def staged_leads(tx: Tx, *, workspace_id: int) -> dict[int, Upserted]:
    rows = await tx.rows(_SQL["staged-leads"], workspace_id=workspace_id)
    return {n: Upserted(lead=_lead(values), created=created) for n, created, *values in rows}


def _lead(values: Sequence[Any]) -> Lead:
    names = dict(zip(Lead.__dataclass_fields__, values, strict=True))
    return Lead(**names | {"status": LeadStatus(names["status"]), "tags": tuple(names["tags"])})


async def staged_stops(tx: Tx) -> list[StagedStop]:
    return await tx.all(StagedStop, _SQL["staged-stops"])


def staged_consents(
    *, workspace_id: int, basis: str | None, source: str, channels: Sequence[str] | None, found_too: bool
) -> Fragment:
    """Return the SELECT of what the staged rows say of consent, for the ledger to read."""
    return Fragment(
        sql=_SQL["staged-consents"].sql,
        parameters={
            "workspace_id": workspace_id,
            "basis": basis,
            "source": source,
            "channels": None if channels is None else list(channels),
            "found_too": found_too,
        },
    )


async def date_staged_consents(tx: Tx, *, workspace_id: int) -> int:
    return await tx.execute(_SQL["date-staged-consents"], workspace_id=workspace_id)
