"""How the acts on connections stand in the audit log: never with a secret."""

from datetime import timedelta
from typing import Any

from mailgenius.engine.connections.model import Connection
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import Entry, Wanted, changes
from mailgenius.kit.db.transaction import Tx

SELDOM = timedelta(minutes=10)
"""What becomes of a connection by itself is noted no more often than this."""
TROUBLES = ("connection.left_alone", "connection.warm_up_paused", "connection.works_again")

note: audit.Noting[Connection] = audit.noting(lambda connection: (connection.id, connection.name))


def changes_of(before: Connection, after: Connection, *, retyped: bool) -> dict[str, Any]:
    """Return what was changed: settings with their old and new values, secret ones by the fact alone."""
    keys = sorted(before.settings.keys() | after.settings.keys())
    settings = {
        key: {"from": before.settings.get(key), "to": after.settings.get(key)}
        for key in keys
        if before.settings.get(key) != after.settings.get(key)
    }
    found = changes(before, after, "name", "limits", "routing", "warm_up")
    if settings:
        found["settings"] = settings
    if retyped:
        found["sign_in_retyped"] = True
    return found


async def noted_lately(tx: Tx, action: str, /, *, workspace_id: int, connection_id: int) -> bool:
    """Say whether the log told the same of a connection a moment ago."""
    wanted = Wanted(action=action, object_id=str(connection_id), since=clock.now() - SELDOM)
    page = await audit.list_entries(tx, workspace_id=workspace_id, wanted=wanted, limit=1)
    return bool(page.items)


async def troubles(tx: Tx, *, workspace_id: int, connection_id: int, limit: int) -> list[Entry]:
    """Return when and why a connection was left alone, and when it worked again: the latest first."""
    found = [
        entry
        for action in TROUBLES
        for entry in (
            await audit.list_entries(
                tx,
                workspace_id=workspace_id,
                wanted=Wanted(action=action, object_id=str(connection_id)),
                limit=limit,
            )
        ).items
    ]
    return sorted(found, key=lambda entry: entry.id, reverse=True)[:limit]
