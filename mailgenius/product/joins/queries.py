"""One typed function for each statement of queries.sql. No decisions here."""

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.joins.model import History

_SQL = load_queries(__file__)


async def history(tx: Tx, *, workspace_id: int, lead_id: int) -> History:
    return await tx.one(History, _SQL["history"], workspace_id=workspace_id, lead_id=lead_id)
