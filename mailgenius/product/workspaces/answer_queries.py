"""The statement that forgets kept answers about a person. The others on answers are in queries.py."""

from collections.abc import Sequence

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


async def forget_answers_about(tx: Tx, *, workspace_id: int, texts: Sequence[str]) -> int:
    return await tx.execute(_SQL["forget-answers-about"], workspace_id=workspace_id, texts=list(texts))
