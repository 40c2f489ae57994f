"""One typed function for each statement of queries.sql. No decisions here."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailgenius.kit.audit.model import Entry, KnownDoer, Wanted
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.kit.doers import Doer

_SQL = load_queries(__file__)


async def add_entry(
    tx: Tx,
    *,
    workspace_id: int,
    by: Doer,
    action: str,
    object_id: str,
    object_name: str,
    details: dict[str, Any],
) -> None:
    await tx.execute(
        _SQL["add-entry"],
        workspace_id=workspace_id,
        doer_kind=by.kind.value,
        doer_id=by.id,
        doer_name=by.name,
        address=by.address,
        action=action,
        object_id=object_id,
        object_name=object_name,
        details=json_value(details),
    )


async def list_entries(
    tx: Tx, *, workspace_id: int, wanted: Wanted, before_id: int, limit: int
) -> list[Entry]:
    return await tx.all(
        Entry,
        _SQL["list-entries"],
        workspace_id=workspace_id,
        before_id=before_id,
        limit=limit,
        **asdict(wanted),
    )


async def list_everywhere(tx: Tx, *, wanted: Wanted, before_id: int, limit: int) -> list[Entry]:
    return await tx.all(Entry, _SQL["list-everywhere"], before_id=before_id, limit=limit, **asdict(wanted))


async def known_doers(tx: Tx, *, workspace_id: int, limit: int) -> list[KnownDoer]:
    return await tx.all(KnownDoer, _SQL["known-doers"], workspace_id=workspace_id, limit=limit)


async def forget_entries(tx: Tx, *, workspace_id: int, older_than: datetime, limit: int) -> int:
    return await tx.execute(
        _SQL["forget-entries"], workspace_id=workspace_id, older_than=older_than, limit=limit
    )


async def forget_everywhere(tx: Tx, *, older_than: datetime, limit: int) -> int:
    return await tx.execute(_SQL["forget-everywhere"], older_than=older_than, limit=limit)
