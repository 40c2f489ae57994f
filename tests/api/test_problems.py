"""Every error has the same shape and the right status, whoever raised it."""

import base64
import json
from unittest.mock import patch

import httpx
import pytest

from mailgenius.kit.db.errors import DatabaseUnavailable
from mailgenius.product.workspaces import service as workspaces

LEAD = {"email": "ana@example.com"}


def problem(answer: httpx.Response, status: int, word: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert (body["type"], body["status"]) == (f"urn:mailgenius:problem:{word}", status)
    assert body["title"]
    assert body["detail"]
    return body


def fields(body: dict[str, object]) -> list[str]:
    assert isinstance(body["errors"], list)
    return [error["field"] for error in body["errors"]]


async def test_an_unknown_address_is_a_problem(client: httpx.AsyncClient):
    for path in ("/api/v1/nothing", "/api/nothing", "/api/", "/api/v1/leads/1/nothing"):
        problem(await client.get(path), 404, "not_found")
    problem(await client.patch("/api/v1/fields/a%00b", json={"label": "A"}), 404, "not_found")


async def test_an_unknown_method_is_a_problem(client: httpx.AsyncClient):
    problem(await client.put("/api/v1/leads", json=LEAD), 405, "method_not_allowed")


@pytest.mark.parametrize("body", ["{", "", "null", "[]", "yes", "\\ud800", '{"email": "\\ud800"}'])
async def test_a_body_that_is_no_lead_is_a_problem(client: httpx.AsyncClient, body: str):
    answer = await client.post("/api/v1/leads", content=body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("templates", (2**63,)),
        ("templates", (-(10**30),)),
        ("suppressions", ("a\0b", "")),
    ],
)
async def test_a_cursor_that_the_database_cannot_hold_is_none_of_ours(
    client: httpx.AsyncClient, path: str, place: tuple[object, ...]
):
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    answer = await client.get(f"/api/v1/{path}", params={"cursor": cursor})
    assert fields(problem(answer, 422, "invalid")) == ["cursor"]


async def test_what_no_database_holds_and_nothing_needs_is_passed_over(client: httpx.AsyncClient):
    far = {"created_until": "9999-12-31T23:59:59-14:00", "created_since": "0001-01-01T00:00:00+14:00"}
    assert (await client.get("/api/v1/leads", params=far)).status_code == 200
    for number, unused in enumerate(({"target": -1}, {"target": 10**30}, {"factor": 1e300})):
        sandbox = {"name": f"C{number}", "provider": "sandbox", "warm_up": unused}
        made = await client.post("/api/v1/connections", json=sandbox)
        assert (made.status_code, made.json()["warm_up"]["target"]) == (201, None), made.text


async def test_malformed_json_says_so(client: httpx.AsyncClient):
    body = problem(await client.post("/api/v1/leads", content='{"email": '), 400, "malformed")
    assert "JSON" in str(body["detail"])


async def test_a_body_of_endless_nesting_says_so(client: httpx.AsyncClient):
    tree = '{"tree": {"all": ' + "[" * 5000 + "]" * 5000 + "}}"
    body = problem(await client.post("/api/v1/segments/preview", content=tree), 400, "malformed")
    assert "nested too deep" in str(body["detail"])


@pytest.mark.parametrize(
    ("lead", "field"),
    [
        ({"email": 5}, "email"),
        ({"email": "ana@example.com", "colour": "red"}, "colour"),
        ({"email": "ana@example.com", "tags": ["a", 5]}, "tags[1]"),
        ({"email": "ana@example.com", "status": "asleep"}, "status"),
        ({"email": "ana@example.com", "consent_at": "2026-01-01T10:00:00"}, "consent_at"),
        ({"email": "ana@example.com", "consent_at": "0001-01-01T00:00:00+03:00"}, "consent_at"),
        ({"email": "ana@example.com", "consent_at": "9999-12-31T23:59:59-03:00"}, "consent_at"),
        ({"email": "ana@example.com", "name": "a\0b"}, "name"),
        ({"email": "ana@example.com", "fields": {"city": ["Recife"]}}, "fields"),
        ({"email": "not an address"}, "email"),
    ],
)
async def test_a_wrong_value_names_its_field(client: httpx.AsyncClient, lead: dict, field: str):
    body = problem(await client.post("/api/v1/leads", json=lead), 422, "invalid")
    assert fields(body) == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("status=asleep", "status"),
        ("cursor=zzz", "cursor"),
        ("fields=colour", "fields"),
        ("search=a%00b", "search"),
        ("tag=a%00b", "tag"),
    ],
)
async def test_a_wrong_parameter_names_itself(client: httpx.AsyncClient, query: str, field: str):
    body = problem(await client.get(f"/api/v1/leads?{query}"), 422, "invalid")
    assert fields(body) == [field]


@pytest.mark.parametrize("lead_id", ["0", "9223372036854775808", "1" * 60, "-1", "abc", "1.5"])
async def test_an_id_that_cannot_be_is_not_found(client: httpx.AsyncClient, lead_id: str):
    problem(await client.get(f"/api/v1/leads/{lead_id}"), 404, "not_found")


async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient):
    problem(await client.post("/api/v1/leads", content=b" " * (3 << 20)), 413, "too_large")


async def test_a_database_that_is_away_is_told_without_details(client: httpx.AsyncClient):
    with patch.object(workspaces, "actor_of_api_key", side_effect=DatabaseUnavailable()):
        answer = await client.get("/api/v1/workspace")
    body = problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert "Nothing was changed" in str(body["detail"])


async def test_a_defect_is_told_without_details(client: httpx.AsyncClient):
    with patch.object(workspaces, "actor_of_api_key", side_effect=ZeroDivisionError("secret")):
        answer = await client.get("/api/v1/workspace")
    problem(answer, 500, "internal")
    assert "secret" not in answer.text
