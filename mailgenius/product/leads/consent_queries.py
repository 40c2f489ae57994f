"""One typed function for each statement of queries.sql on whose an address is, and what they lately said."""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def date_consents(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> int:
    return await tx.execute(_SQL["date-consents"], workspace_id=workspace_id, lead_ids=list(lead_ids))


async def leads_of_address(
    tx: Tx, *, workspace_id: int, channel: str, address: str, lead_id: int | None
) -> list[int]:
    rows = await tx.rows(
        _SQL["leads-of-address"],
        workspace_id=workspace_id,
        channel=channel,
        address=address,
        lead_id=lead_id,
    )
    return [found for (found,) in rows]


async def count_recent(tx: Tx, *, workspace_id: int, lead_id: int, kind: str, within: timedelta) -> int:
    found: int = await tx.value(
        _SQL["count-recent"], workspace_id=workspace_id, lead_id=lead_id, kind=kind, within=within
    )
    return found
