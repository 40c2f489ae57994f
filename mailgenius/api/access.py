"""Who may call what: a Bearer key becomes an actor, and every route names the permission that it needs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.types import BeforeRequestHookHandler

from mailgenius.kit.errors import invalid
from mailgenius.kit.gathering import Together
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.errors import ApiKeyRefused
from mailgenius.product.workspaces.model import Actor, Permission

PERMISSION = "permission"
LARGEST_ID = 2**63 - 1
MOST = 200
"""Requests whose keys are looked up together."""
MOMENT = timedelta(milliseconds=2)


def needs(permission: Permission | None) -> dict[str, Any]:
    """Return the `opt` of a route. None means that any live key will do."""
    return {PERMISSION: permission}


def gate(services: Services) -> BeforeRequestHookHandler:
    """Return what stands before all API routes. It runs before the body is read.

    The framework's guards would do the same, and copy the whole route for each request.
    """

    async def known(keys: Sequence[str]) -> Sequence[Actor | Exception]:
        """Look up the keys of all requests that wait; a key that is revoked now is refused now."""
        found: dict[str, Actor | Exception] = {}
        async with services.db.trusted() as tx:
            for key in dict.fromkeys(keys):
                try:
                    found[key] = await workspaces.actor_of_api_key(tx, key=key)
                except ApiKeyRefused as error:
                    found[key] = error
        return [found[key] for key in keys]

    callers = Together(known, most=MOST, moment=MOMENT)

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
        actor = await callers.ask(_bearer(connection))
        if permission is not None:
            actor.require(permission)
        _check_address(connection)
        connection.scope["auth"] = actor

    return let_in


def _bearer(connection: Request[Any, Any, Any]) -> str:
    scheme, _, key = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise ApiKeyRefused
    return key.strip()


def _check_address(connection: Request[Any, Any, Any]) -> None:
    """Answer for values that are numbers or texts here but not in the database."""
    for value in connection.path_params.values():
        if isinstance(value, int) and not 0 < value <= LARGEST_ID:
            raise NotFoundException
    for name, value in connection.query_params.items():
        if "\0" in value:
            raise invalid(name, "must not hold a NUL character")
