"""A single lead goes a short way once its caller is known. Nobody can tell it from the long one."""

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar

from mailgenius.api.short_way import BODY_LIMIT, ShortWay
from mailgenius.kit.db.database import Database
from mailgenius.product.workspaces import service as workspaces
from tests.api.conftest import caller
from tests.factories.workspaces import make_api_key

LEADS = "/api/v1/leads"
UNLIKE = {"id", "created_at", "updated_at"}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were answered the short way."""
    taken: list[str] = []
    real = ShortWay.answer

    async def counted(self: ShortWay, actor: Any, scope: Any, receive: Any, send: Any) -> None:
        taken.append(scope["path"])
        await real(self, actor, scope, receive, send)

    monkeypatch.setattr(ShortWay, "answer", counted)
    return taken


def told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """Return what a caller sees, but for ids and moments."""
    body = answer.json()
    if "lead" in body:
        body["lead"] = {name: value for name, value in body["lead"].items() if name not in UNLIKE}
    headers = dict(answer.headers)
    if body.pop("id", None):
        headers.pop("content-length")
    return answer.status_code, headers, body


BODIES = {
    "whole": b'{"email": "%s@example.com", "name": "Ana", "tags": ["vip"], "fields": {"city": "Recife"}}',
    "no identity": b'{"name": "%s"}',
    "wrong e-mail": b'{"email": "%s"}',
    "another type": b'{"email": 7, "name": "%s"}',
    "unknown field": b'{"mail": "%s@example.com"}',
    "no JSON": b'{"email": %s',
    "no text": b'{"email": "\xff%s"}',
    "NUL": b'{"email": "n@example.com", "name": "%s\\u0000"}',
    "a list": b'["%s"]',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_both_ways_answer_alike(client: httpx.AsyncClient, short: list[str], body: bytes):
    said = [body.replace(b"%s", name) for name in (b"ana", b"eva")]
    # The first call makes the key known; an address with a query goes the long way.
    by_long = await client.post(
        f"{LEADS}?long", content=said[0], headers={"Content-Type": "application/json"}
    )
    by_short = await client.post(LEADS, content=said[1], headers={"Content-Type": "application/json"})
    assert short == [LEADS]
    seen = [
        (status, headers, str(found).replace("eva", "ana"))
        for status, headers, found in map(told, (by_long, by_short))
    ]
    assert seen[0] == seen[1]
    await client.post(LEADS, content=said[1])
    assert len(short) == 2


async def test_a_revoked_key_is_refused_though_it_is_known(
    client: httpx.AsyncClient, other: httpx.AsyncClient, short: list[str], db: Database, workspace_id: int
):
    key_id = int((await client.get("/api/v1/workspace")).json()["api_key"]["id"])
    assert (await client.post(LEADS, json={"email": "ana@example.com"})).status_code == 201
    async with db.tenant(workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=workspace_id)
        await workspaces.revoke_api_key(tx, workspace_id=workspace_id, api_key_id=key_id)
    async with caller(client._transport.app, made.key) as second:  # type: ignore[attr-defined]
        await second.get("/api/v1/workspace")
        refused, taken = await asyncio.gather(
            client.post(LEADS, json={"email": "eva@example.com"}),
            second.post(LEADS, json={"email": "rui@example.com"}),
        )
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert taken.status_code == 201
        assert len(short) == 3
        found = (await second.get(LEADS)).json()["items"]
        assert {lead["email"] for lead in found} == {"ana@example.com", "rui@example.com"}
        # And each way leads into the caller's own workspace only.
        await other.get("/api/v1/workspace")
        assert (await other.post(LEADS, json={"email": "ana@example.com"})).json()["created"] is True
        assert (await second.get(LEADS)).json()["total"] == 2


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic %s", "%s"])
async def test_only_a_right_header_goes_the_short_way(app: Litestar, key: str, short: list[str], header: str):
    async with caller(app, key) as known:
        await known.get("/api/v1/workspace")
        answer = await known.post(LEADS, json={}, headers={"Authorization": header.replace("%s", key)})
    assert (answer.status_code, short) == (401, [])


@pytest.mark.parametrize("right", [0, 1])
async def test_of_two_keys_the_long_way_takes_one(app: Litestar, key: str, short: list[str], right: int):
    said = [("Authorization", "Bearer wrong")]
    said.insert(right, ("Authorization", f"Bearer {key}"))
    async with caller(app, key) as known:
        await known.get("/api/v1/workspace")
        del known.headers["Authorization"]
        answer = await known.post(LEADS, json={"email": "ana@example.com"}, headers=said)
    assert (answer.status_code, short) == (201 if right == 0 else 401, [])


async def test_who_may_not_write_and_what_is_large_or_comes_in_pieces_goes_the_long_way(
    app: Litestar, client: httpx.AsyncClient, db: Database, workspace_id: int, short: list[str]
):
    async with db.tenant(workspace_id) as tx:
        reader = await make_api_key(tx, workspace_id=workspace_id, scopes=("leads:read",))
    async with caller(app, reader.key) as reading:
        await reading.get(LEADS)
        assert (await reading.post(LEADS, json={"email": "ana@example.com"})).status_code == 403

    async def pieces() -> Any:
        yield b'{"email": "ana@exa'
        yield b'mple.com"}'

    await client.get("/api/v1/workspace")
    large = await client.post(LEADS, content=b" " * (BODY_LIMIT + 1))
    assert large.status_code == 413
    assert (await client.post(LEADS)).json()["errors"][0]["message"] == "a JSON body is needed"
    assert (await client.post(LEADS, content=pieces())).status_code == 201
    once = {"Idempotency-Key": "1"}
    answers = [await client.post(LEADS, json={"email": "eva@example.com"}, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert short == []
