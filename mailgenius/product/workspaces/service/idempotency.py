"""Answers kept by Idempotency-Key, so that a repeated request is answered again and not done again.

The answer is written in the transaction of the work itself: either both are there or neither, and a killed
process leaves no key in doubt. An advisory lock of the same transaction says that a request is running.
"""

from collections.abc import Sequence
from datetime import timedelta

from mailgenius.kit import clock
from mailgenius.kit.crypto import same
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.workspaces import answer_queries, queries
from mailgenius.product.workspaces.errors import IdempotencyKeyReused, RequestInFlight
from mailgenius.product.workspaces.model import Answer

KEPT_FOR = timedelta(hours=24)
KEY_LENGTH = 200


async def answered(tx: Tx, *, workspace_id: int, key: str, request_hash: bytes) -> Answer | None:
    """Return the earlier answer to this request, or None when the work is still to be done.

    Raises:
        RequestInFlight: the same key is at work in another transaction.
        IdempotencyKeyReused: the key belongs to another request of the last 24 hours.
    """
    if not 1 <= len(key) <= KEY_LENGTH:
        raise invalid("Idempotency-Key", f"must have 1 to {KEY_LENGTH} characters")
    if not await queries.lock_idempotency_key(tx, workspace_id=workspace_id, key=key):
        raise RequestInFlight
    stored = await queries.get_answer(tx, workspace_id=workspace_id, key=key, after=clock.now() - KEPT_FOR)
    if stored is None:
        return None
    if not same(stored.request_hash, request_hash):
        raise IdempotencyKeyReused
    return Answer(status=stored.status, content_type=stored.content_type, body=stored.body)


async def keep_answer(tx: Tx, *, workspace_id: int, key: str, request_hash: bytes, answer: Answer) -> None:
    """Keep an answer for 24 hours. Call after `answered`, in the transaction of the work."""
    await queries.put_answer(
        tx,
        workspace_id=workspace_id,
        key=key,
        request_hash=request_hash,
        answer=answer,
        now=clock.now(),
    )


async def forget_answers_about(tx: Tx, *, workspace_id: int, texts: Sequence[str]) -> int:
    """Delete the kept answers that hold one of some texts as a whole value, and return how many."""
    return await answer_queries.forget_answers_about(tx, workspace_id=workspace_id, texts=texts)
