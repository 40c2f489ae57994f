"""The limits of a workspace's sending by JSON."""

import httpx
from litestar import Litestar

from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Permission
from tests.api.conftest import caller
from tests.factories.workspaces import make_api_key

PATH = "/api/v1/sending/limits"
NONE = {"per_second": None, "per_minute": None, "per_hour": None, "per_day": None}


async def test_limits_are_read_replaced_and_refused_by_name(
    app: Litestar, client: httpx.AsyncClient, services: Services, workspace_id: int
):
    found = (await client.get(PATH)).json()
    assert (found["limits"], found["usual_limits"]) == ([], True)
    assert NONE | {"scope": "group", "key": "gmail", "per_second": 100} in found["usual"]
    limits = [
        {"scope": "domain", "key": "shop.example", "per_hour": 900},
        {"scope": "group", "key": "gmail", "per_second": 20},
        {"scope": "workspace", "per_day": 5000},
    ]
    answer = await client.put(PATH, json={"limits": limits, "usual_limits": False})
    assert answer.status_code == 200, answer.text
    kept = (await client.get(PATH)).json()
    assert kept == answer.json()
    assert kept["limits"] == [NONE | {"key": ""} | each for each in limits]
    assert not kept["usual_limits"]
    for wrong in (
        {"scope": "group", "key": "nobody", "per_second": 1},
        {"scope": "workspace", "key": "x", "per_second": 1},
        {"scope": "domain", "key": "shop.example", "per_hour": 0},
        {"scope": "moon", "key": "", "per_hour": 1},
    ):
        refused = await client.put(PATH, json={"limits": [wrong]})
        assert refused.status_code in {400, 422}
        assert refused.headers["content-type"] == "application/problem+json"
    assert (await client.get(PATH)).json() == kept
    scopes = [each for each in Permission if each is not Permission.WORKSPACE_MANAGE]
    async with services.db.tenant(workspace_id) as tx:
        key = await make_api_key(tx, workspace_id=workspace_id, scopes=scopes)
    async with caller(app, key.key) as less:
        assert (await less.get(PATH)).status_code == 403
        assert (await less.put(PATH, json={"limits": []})).status_code == 403
