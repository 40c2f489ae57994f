"""One typed function for each statement of queries.sql on API keys that hold still. No decisions here."""

from collections.abc import Collection

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def live_api_keys(tx: Tx, *, workspace_id: int, api_key_ids: Collection[int]) -> frozenset[int]:
    rows = await tx.rows(_SQL["live-api-keys"], workspace_id=workspace_id, api_key_ids=list(api_key_ids))
    return frozenset(key_id for (key_id,) in rows)
