"""Idempotency-Key: the same request is done once and answered the same."""

import asyncio

import httpx

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.workspaces import service as workspaces

KEY = {"Idempotency-Key": "order-17"}
TEMPLATE = {"name": "Welcome", "subject": "Hello", "html": "<p>Hello</p>"}
KEPT = Query("kept", "Kept answers.", "SELECT key, status FROM idempotency_keys")


async def templates(client: httpx.AsyncClient) -> list[str]:
    return [item["name"] for item in (await client.get("/api/v1/templates")).json()["items"]]


async def test_a_repeated_request_is_answered_and_not_done_again(client: httpx.AsyncClient):
    first = await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    again = await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await templates(client) == ["Welcome"]


async def test_another_request_with_the_key_is_refused(client: httpx.AsyncClient):
    await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    for path, body in (
        ("/api/v1/templates", TEMPLATE | {"name": "Other"}),
        ("/api/v1/leads", {"email": "ana@example.com"}),
    ):
        answer = await client.post(path, json=body, headers=KEY)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:mailgenius:problem:invalid"


async def test_many_at_once_make_one(client: httpx.AsyncClient):
    answers = await asyncio.gather(
        *(client.post("/api/v1/templates", json=TEMPLATE, headers=KEY) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await templates(client) == ["Welcome"]


async def test_while_the_first_runs_the_second_is_told_so(
    client: httpx.AsyncClient, db: Database, workspace_id: int
):
    async with db.tenant(workspace_id) as tx:
        await workspaces.answered(tx, workspace_id=workspace_id, key="order-17", request_hash=b"")
        answer = await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    assert answer.status_code == 409
    assert await templates(client) == []


async def test_a_failed_request_keeps_nothing_and_may_be_mended(client: httpx.AsyncClient, db: Database):
    broken = await client.post("/api/v1/templates", json=TEMPLATE | {"name": ""}, headers=KEY)
    assert broken.status_code == 422
    async with db.trusted() as tx:
        assert await tx.rows(KEPT) == []
    assert (await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)).status_code == 201


async def test_another_workspace_may_use_the_same_key(client: httpx.AsyncClient, other: httpx.AsyncClient):
    await client.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    theirs = await other.post("/api/v1/templates", json=TEMPLATE, headers=KEY)
    assert "idempotency-replayed" not in theirs.headers
    assert await templates(other) == ["Welcome"]


async def test_a_key_has_a_sensible_length(client: httpx.AsyncClient):
    for key in ("", "k" * 201):
        answer = await client.post("/api/v1/templates", json=TEMPLATE, headers={"Idempotency-Key": key})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
