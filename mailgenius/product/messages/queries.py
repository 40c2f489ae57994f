"""The statements of messages by API, one typed function each."""

from collections.abc import Sequence

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def usable_connection(tx: Tx, *, workspace_id: int, channel: str, connection_id: int) -> int | None:
    rows = await tx.rows(
        _SQL["usable-connection"], workspace_id=workspace_id, channel=channel, connection_id=connection_id
    )
    return rows[0][0] if rows else None


async def template_version(tx: Tx, *, workspace_id: int, template_id: int) -> int | None:
    rows = await tx.rows(_SQL["template-version"], workspace_id=workspace_id, template_id=template_id)
    return rows[0][0] if rows else None


async def lead_addresses(
    tx: Tx, *, workspace_id: int, channel: str, lead_ids: Sequence[int]
) -> dict[int, str | None]:
    rows = await tx.rows(
        _SQL["lead-addresses"], workspace_id=workspace_id, channel=channel, lead_ids=list(lead_ids)
    )
    return {row[0]: row[1] for row in rows}
