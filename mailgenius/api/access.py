"""Who may call what: a Bearer key becomes an actor, and every route names the permission that it needs."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.types import BeforeRequestHookHandler

from mailgenius.kit.crypto import fingerprint
from mailgenius.kit.errors import invalid
from mailgenius.kit.gathering import Together
from mailgenius.kit.paging import LARGEST_ID
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import ApiKeyRefused
from mailgenius.product.workspaces.model import Actor, Permission

PERMISSION = "permission"
MOST = 200
"""Requests whose keys are looked up together."""
MOMENT = timedelta(milliseconds=2)
KNOWN_S = 20.0
"""How long a caller is remembered. When a key was last used is noted by the look: once a minute."""
MOST_KNOWN = 10_000


def needs(permission: Permission | None) -> dict[str, Any]:
    """Return the `opt` of a route. None means that any live key will do."""
    return {PERMISSION: permission}


class Callers:
    """Who is behind a key: looked up, and remembered for a while for those who look again themselves."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._asking = Together(self._look_up, most=MOST, moment=MOMENT)
        self._known: dict[bytes, tuple[Actor, float]] = {}

    async def of(self, header: str) -> Actor:
        """Return who calls with an Authorization header; a key that is revoked now is refused now.

        Raises:
            ApiKeyRefused: no key, or a wrong one.
        """
        key = _key_of(header)
        if not key:
            raise ApiKeyRefused
        mark = fingerprint(key)
        self._known.pop(mark, None)
        actor = await self._asking.ask(key)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[mark] = (actor, time.monotonic() + KNOWN_S)
        return actor

    def remembered(self, header: str) -> Actor | None:
        """Return who was behind this header a moment ago. The key may have been revoked since: look again."""
        actor, until = self._known.get(fingerprint(_key_of(header)), (None, 0.0))
        return actor if until > time.monotonic() else None

    async def _look_up(self, keys: Sequence[str]) -> Sequence[Actor | Exception]:
        """Look up the keys of all requests that wait."""
        found: dict[str, Actor | Exception] = {}
        async with self._services.db.trusted() as tx:
            # Sorted, because a look notes when a key was used: processes would wait in a circle.
            for key in sorted(set(keys)):
                try:
                    found[key] = await workspaces.actor_of_api_key(tx, key=key)
                except ApiKeyRefused as error:
                    found[key] = error
        return [found[key] for key in keys]


def gate(callers: Callers) -> BeforeRequestHookHandler:
    """Return what stands before all API routes. It runs before the body is read.

    The framework's guards would do the same, and copy the whole route for each request.
    """

    async def let_in(connection: Request[Any, Any, Any]) -> None:
        """Let a request through with its actor, or stop it.

        Raises:
            ApiKeyRefused: no key, or a wrong one.
            NotAllowed: the key lacks the route's permission.
        """
        if connection.scope.get("method") == "OPTIONS":
            return
        # A route that forgot to say what it needs raises KeyError here, and a test finds it before that.
        permission: Permission | None = connection.route_handler.opt[PERMISSION]
        actor = await callers.of(connection.headers.get("Authorization", ""))
        if permission is not None:
            actor.require(permission)
        _check_address(connection)
        connection.scope["auth"] = actor

    return let_in


def _key_of(header: str) -> str:
    """Return the key that an Authorization header holds; nothing when it holds none."""
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _check_address(connection: Request[Any, Any, Any]) -> None:
    """Answer for values that are numbers or texts here but not in the database."""
    for value in connection.path_params.values():
        held = 0 < value <= LARGEST_ID if isinstance(value, int) else "\0" not in str(value)
        if not held:
            raise NotFoundException
    for name, value in connection.query_params.items():
        if "\0" in value:
            raise invalid(name, "must not hold a NUL character")
