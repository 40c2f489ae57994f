"""Sender domains by JSON, from adding one to its signatures, with a name server of the test."""

from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Permission
from tests.api.conftest import caller
from tests.dns_server import Zone, zone as zone
from tests.factories.workspaces import make_api_key

PATH = "/api/v1/sender-domains"


@pytest.fixture
def services(services: Services, zone: Zone) -> Services:
    return replace(services, dns=zone.dns)


async def test_a_domain_signs_when_its_record_is_published(client: httpx.AsyncClient, zone: Zone):
    async def ok(method: str, path: str, status: int = 200, **json: object) -> dict:
        answer = await client.request(method, f"{PATH}{path}", json=json or None)
        assert answer.status_code == status, answer.text
        assert "private" not in answer.text
        return answer.json() if answer.content else {}

    made = await ok("POST", "", 201, domain="Shop.Example", algorithms=["ed25519"])
    one, (key,) = f"/{made['id']}", made["keys"]
    assert (made["domain"], made["signing"], key["state"], key["found"]) == (
        "shop.example",
        False,
        "waiting",
        "unchecked",
    )
    assert key["record_name"] == f"{key['selector']}._domainkey.shop.example"
    assert key["record"].startswith("v=DKIM1; k=ed25519; p=")
    await ok("PATCH", one, 409, signing=True)
    assert (await ok("POST", f"{one}/check"))["dmarc"] == {"found": "missing", "record": ""}
    zone.texts[key["record_name"]] = [f'"{key["record"]}"']
    zone.texts["_dmarc.shop.example"] = ['"v=DMARC1; p=none"']
    checked = await ok("POST", f"{one}/check")
    assert (checked["keys"][0]["state"], checked["dmarc"]["found"]) == ("signing", "good")
    assert (await ok("PATCH", one, signing=True))["signing"]
    states = [each["state"] for each in (await ok("POST", f"{one}/rotate", 201))["keys"]]
    assert states == ["waiting", "signing"]
    await ok("POST", f"{one}/rotate", 409)
    await ok("POST", "", 409, domain="shop.example", algorithms=["ed25519"])
    await ok("POST", "", 422, domain="shop", algorithms=["ed25519"])
    await ok("POST", "", 422, domain="other.example", algorithms=[])
    await ok("DELETE", one, 204)
    assert (await ok("GET", ""))["items"] == []


async def test_only_who_manages_the_workspace_may_see_them(
    app: Litestar, services: Services, workspace_id: int
):
    scopes = [each for each in Permission if each is not Permission.WORKSPACE_MANAGE]
    async with services.db.tenant(workspace_id) as tx:
        key = await make_api_key(tx, workspace_id=workspace_id, scopes=scopes)
    async with caller(app, key.key) as client:
        assert (await client.get(PATH)).status_code == 403
        assert (await client.post(PATH, json={"domain": "shop.example"})).status_code == 403
