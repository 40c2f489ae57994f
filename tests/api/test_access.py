"""Keys and scopes at the door."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from mailgenius.api.access import PERMISSION, Callers
from mailgenius.api.app import BASE_PATH
from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission
from tests.api.conftest import caller
from tests.factories.workspaces import make_api_key


async def test_a_key_says_whose_it_is(client: httpx.AsyncClient, workspace_id: int):
    body = (await client.get("/api/v1/workspace")).json()
    assert (body["id"], body["name"]) == (str(workspace_id), "Ours")
    assert set(body["api_key"]["scopes"]) == set(Permission)
    assert "key_hash" not in str(body)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer mgk_wrong", "Basic dXNlcjpwYXNz", "mgk_wrong"]
)
async def test_without_a_right_key_nothing_opens(anonymous: httpx.AsyncClient, header: str | None):
    headers = {} if header is None else {"Authorization": header}
    answer = await anonymous.get("/api/v1/leads", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_scheme_is_read_in_any_case(anonymous: httpx.AsyncClient, key: str):
    answer = await anonymous.get("/api/v1/workspace", headers={"Authorization": f"bearer  {key} "})
    assert answer.status_code == 200


async def test_a_revoked_key_is_refused_from_the_next_call(
    client: httpx.AsyncClient, db: Database, workspace_id: int
):
    key_id = (await client.get("/api/v1/workspace")).json()["api_key"]["id"]
    async with db.tenant(workspace_id) as tx:
        await workspaces.revoke_api_key(tx, workspace_id=workspace_id, api_key_id=int(key_id))
    assert (await client.get("/api/v1/workspace")).status_code == 401


def routes(app: Litestar) -> list[tuple[str, str, Permission | None]]:
    return [
        (method, route.path_format, handler.opt[PERMISSION])
        for route in app.routes
        if route.path.startswith(BASE_PATH)
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


async def test_every_route_names_what_it_needs_and_holds_to_it(
    app: Litestar, db: Database, workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        keys = {
            permission: await make_api_key(
                tx, workspace_id=workspace_id, scopes=[each for each in Permission if each is not permission]
            )
            for permission in Permission
        }
    found = routes(app)
    assert len(found) > 25
    for method, path, permission in found:
        if permission is None:
            continue
        async with caller(app, keys[permission].key) as lacking:
            # Any number does for an id: the scope is asked for before anything is looked up.
            address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
            answer = await lacking.request(method, address)
        assert answer.status_code == 403, f"{method} {path}"
        assert method == "HEAD" or permission in answer.json()["detail"]


ASKED_BY_POST = {
    "/api/v1/leads/count",
    "/api/v1/segments/preview",
    "/api/v1/segments/{segment_id}/count",
    "/api/v1/exports",
    "/api/v1/exports/{export_id}/cancel",
}
"""A tree is too long for an address, a count or a file takes a while: POST, though no lead changes."""
FOR_ADMINS = {
    "/api/v1/audit-log",
    "/api/v1/erasures",
    "/api/v1/leads/{lead_id}/personal-data",
    "/api/v1/operations",
    "/api/v1/retention",
    "/api/v1/retention/inactive",
    "/api/v1/sender-domains",
    "/api/v1/sender-domains/{domain_id}",
    "/api/v1/sending/limits",
}
"""Read by those alone who may change how things run."""


async def test_reading_routes_need_reading_scopes_only(app: Litestar):
    for method, path, permission in routes(app):
        if permission is not None:
            reads = (method == "GET" or path in ASKED_BY_POST) and path not in FOR_ADMINS
            assert reads == permission.endswith(":read"), f"{method} {path}"


async def test_processes_that_look_keys_up_together_do_not_wait_in_a_circle(
    services: Services, db: Database, workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        keys = [(await make_api_key(tx, workspace_id=workspace_id)).key for _ in range(30)]
    asked = [(Callers(services), keys), (Callers(services), keys[::-1])]
    actors = await asyncio.gather(*(callers.of(f"Bearer {key}") for callers, given in asked for key in given))
    assert {actor.workspace_id for actor in actors} == {workspace_id}
