"""Dead letters by JSON: listed by filters, explained, replayed and discarded by ids or by a run."""

import httpx

from mailgenius.engine.ledger.model import MessageState
from mailgenius.kit.db.database import Database
from tests.factories.dead_letters import make_dead

S = MessageState
URL = "/api/v1/dead-letters"


async def listed(client: httpx.AsyncClient, **params) -> list[str]:
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_listed_explained_replayed_and_discarded(
    client: httpx.AsyncClient, db: Database, workspace_id: int
):
    _, made = await make_dead(db, workspace_id, [S.REJECTED, S.UNKNOWN, S.EXPIRED, S.REJECTED])
    ids = [str(message_id) for message_id in made]
    assert await listed(client) == ids[::-1]
    assert await listed(client, state="unknown") == [ids[1]]
    assert await listed(client, code="550 5.1.1", limit=1) == [ids[3]]
    told = (await client.get(f"{URL}/{ids[1]}")).json()
    assert told["may_repeat"] is True
    assert [attempt["outcome"] for attempt in told["history"]] == ["unknown"]
    done = await client.post(f"{URL}/replay", json={"ids": ids[:2]})
    assert done.json() == {"done": 2, "skipped": 0, "run": None}
    assert (await client.get(f"{URL}/{ids[0]}")).status_code == 404
    assert (await client.get(f"/api/v1/messages/{ids[0]}")).json()["state"] == "queued"
    assert (await client.post(f"{URL}/discard", json={"ids": [ids[2]]})).json()["done"] == 1
    assert await listed(client) == [ids[3]]


async def test_a_filter_is_worked_off_by_a_run(client: httpx.AsyncClient, db: Database, workspace_id: int):
    await make_dead(db, workspace_id, [S.REJECTED])
    begun = (await client.post(f"{URL}/replay", json={"filter": {"state": "rejected"}})).json()
    assert begun["run"]["finished_at"] is None
    read = (await client.get(f"{URL}/runs/{begun['run']['id']}")).json()
    assert (read["act"], read["done"]) == ("replayed", 0)
    for body in ({}, {"ids": ["1"], "filter": {}}, {"filter": {"state": "accepted"}}):
        assert (await client.post(f"{URL}/replay", json=body)).status_code == 422
