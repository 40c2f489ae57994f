"""How the acts on connections stand in the audit log: never with a secret."""

from typing import Any

from mailgenius.engine.connections.model import Connection
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes

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
