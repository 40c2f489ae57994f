"""The statements of privacy, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from mailgenius.engine.suppression.erasing import erased_key
from mailgenius.engine.suppression.model import Identity
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.product.privacy.model import Erasure, LookedAt, Retention

_SQL = load_queries(__file__)


async def lead_of_person(
    tx: Tx, *, workspace_id: int, email: str | None, phone: str | None, external_id: str | None
) -> int | None:
    found: int | None = await tx.value(
        _SQL["lead-of-person"], workspace_id=workspace_id, email=email, phone=phone, external_id=external_id
    )
    return found


async def given_up(tx: Tx, *, workspace_id: int, lead_id: int) -> list[Identity]:
    return await tx.all(Identity, _SQL["given-up"], workspace_id=workspace_id, lead_id=lead_id)


async def insert_erasure(tx: Tx, *, workspace_id: int, erased_by: int | None) -> int:
    made: int = await tx.value(_SQL["insert-erasure"], workspace_id=workspace_id, erased_by=erased_by)
    return made


async def finish_erasure(tx: Tx, *, workspace_id: int, erasure_id: int, counts: dict[str, int]) -> None:
    await tx.execute(
        _SQL["finish-erasure"], workspace_id=workspace_id, erasure_id=erasure_id, counts=json_value(counts)
    )


async def get_erasure(tx: Tx, *, workspace_id: int, erasure_id: int) -> Erasure:
    return await tx.one(Erasure, _SQL["get-erasure"], workspace_id=workspace_id, erasure_id=erasure_id)


async def list_erasures(tx: Tx, *, workspace_id: int, before: int, limit: int) -> list[Erasure]:
    return await tx.all(Erasure, _SQL["list-erasures"], workspace_id=workspace_id, before=before, limit=limit)


async def allow_erased(
    tx: Tx, *, workspace_id: int, erasure_ids: Sequence[int], allowed_by: int | None
) -> None:
    await tx.execute(
        _SQL["allow-erased"], workspace_id=workspace_id, erasure_ids=list(erasure_ids), allowed_by=allowed_by
    )


async def messages_of_erased(
    tx: Tx, *, workspace_id: int, erasure_id: int, after_id: int, limit: int
) -> LookedAt:
    key = erased_key(tx)
    return await tx.one(
        LookedAt,
        _SQL["messages-of-erased"],
        workspace_id=workspace_id,
        erasure_id=erasure_id,
        after_id=after_id,
        limit=limit,
        inner=key["inner"],
        outer=key["outer"],
    )


async def get_rules(tx: Tx, *, workspace_id: int) -> Retention | None:
    return await tx.first(Retention, _SQL["get-rules"], workspace_id=workspace_id)


async def set_rules(tx: Tx, *, workspace_id: int, rules: Retention) -> None:
    await tx.execute(_SQL["set-rules"], workspace_id=workspace_id, **msgspec.structs.asdict(rules))


async def workspaces_with_rules(tx: Tx) -> list[int]:
    return [row[0] for row in await tx.rows(_SQL["workspaces-with-rules"])]


async def inactive_leads(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> list[int]:
    rows = await tx.rows(_SQL["inactive-leads"], workspace_id=workspace_id, before=before, limit=limit)
    return [row[0] for row in rows]


async def count_inactive(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    found: int = await tx.value(_SQL["count-inactive"], workspace_id=workspace_id, before=before, limit=limit)
    return found


async def about(tx: Tx, name: str, *, workspace_id: int, **person: Any) -> list[dict[str, Any]]:
    """Return the rows of one kind about a person: `messages`, `events` and so on, by the statement's name."""
    query = _SQL[f"{name}-about"]
    wanted = {key: value for key, value in person.items() if key in query.parameters}
    return await tx.all(dict[str, Any], query, workspace_id=workspace_id, **wanted)
