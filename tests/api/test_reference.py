"""The OpenAPI document and the page that shows it."""

import re
from typing import Any

import httpx
import pytest


@pytest.fixture
async def document(anonymous: httpx.AsyncClient) -> dict[str, Any]:
    answer = await anonymous.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["$ref"]] if "$ref" in value else []
        return found + [each for item in value.values() for each in references(item)]
    return [each for item in value for each in references(item)] if isinstance(value, list) else []


async def test_the_document_holds_together(document: dict[str, Any]):
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    operations = [item for path in document["paths"].values() for item in path.values()]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(identifiers) == len(set(identifiers))
    for operation in operations:
        assert operation["summary"]
        assert len(operation["tags"]) == 1
        assert operation["responses"]["401"]["content"]["application/problem+json"]
    for name, schema in schemas.items():
        assert schema.get("description") or "enum" in schema, name


async def test_the_promised_addresses_are_there(document: dict[str, Any]):
    promised = {
        "/api/v1/imports": {"post"},
        "/api/v1/imports/{import_id}": {"get"},
        "/api/v1/imports/{import_id}/rejects": {"get"},
        "/api/v1/leads": {"get", "post"},
        "/api/v1/leads/batch": {"post"},
        "/api/v1/leads/{lead_id}": {"get", "patch", "delete"},
        "/api/v1/connections": {"post"},
        "/api/v1/templates": {"post"},
        "/api/v1/campaigns": {"post"},
        "/api/v1/campaigns/{campaign_id}": {"get"},
        "/api/v1/campaigns/{campaign_id}/launch": {"post"},
        "/api/v1/campaigns/{campaign_id}/pause": {"post"},
        "/api/v1/campaigns/{campaign_id}/resume": {"post"},
        "/api/v1/campaigns/{campaign_id}/cancel": {"post"},
        "/api/v1/campaigns/{campaign_id}/messages": {"get"},
    }
    for path, methods in promised.items():
        assert methods <= set(document["paths"][path]), path


async def test_every_post_takes_an_idempotency_key(document: dict[str, Any]):
    for path, item in document["paths"].items():
        if "post" in item:
            names = [parameter["name"] for parameter in item["post"]["parameters"]]
            assert "Idempotency-Key" in names, path


async def test_the_page_needs_nothing_from_elsewhere(anonymous: httpx.AsyncClient):
    page = await anonymous.get("/api/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert not re.search(r"""\s(style|on\w+)=""", page.text)
    links = re.findall(r"""(?:href|src)=["']([^"'#][^"']*)""", page.text)
    assert set(links) == {"/api/docs/reference.css", "/api/openapi.json"}
    for link in set(links):
        assert (await anonymous.get(link)).status_code == 200


async def test_the_page_leads_to_every_operation_and_shape(
    anonymous: httpx.AsyncClient, document: dict[str, Any]
):
    page = (await anonymous.get("/api/docs")).text
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    for name in document["components"]["schemas"]:
        assert f"schema-{name.lower()}" in targets
    for path in document["paths"]:
        assert path in page
