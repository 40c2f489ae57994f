"""How the acts on connections stand in the audit log: never with a secret."""

from typing import Any

from mailgenius.engine.connections.model import Connection
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.db.transaction import Tx


async def note(tx: Tx, action: str, /, *, workspace_id: int, connection: Connection, **details: Any) -> None:
    """Note what is done to a connection, in the transaction of the act."""
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action=action,
        object_id=connection.id,
        name=connection.name,
        details=details,
    )


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
