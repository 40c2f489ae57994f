"""Messages by JSON: what is taken, what is refused item by item, and that repetition makes no second one."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from mailgenius.kit import clock
from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from tests.factories.campaigns import make_sandbox

INLINE = {
    "content": {"subject": "Code {{ data.code }}", "html": "<p>{{ data.code }}</p>"},
    "sender": {"email": "shop@example.com", "name": "Shop"},
}
BOOKS = Query("books", "Totals.", "SELECT count(*), coalesce(sum(taken), 0), count(drained_at) FROM orders")
COUNTED = Query("counted", "Counters.", "SELECT state::text, sum(n)::int FROM message_counts GROUP BY 1")


@pytest.fixture(autouse=True)
async def connection(db: Database, keys: Keys, workspace_id: int) -> int:
    return (await make_sandbox(db, keys, workspace_id)).id


async def counted(db: Database) -> dict[str, int]:
    async with db.trusted() as tx:
        return {state: n for state, n in await tx.rows(COUNTED) if n}


async def test_one_message_is_taken_and_shown(client: httpx.AsyncClient, db: Database):
    lead = (await client.post("/api/v1/leads", json={"email": "ana@example.com"})).json()["id"]
    sent = await client.post("/api/v1/messages", json=INLINE | {"lead_id": lead, "data": {"code": "17"}})
    assert sent.status_code == 201, sent.text
    found = (await client.get(f"/api/v1/messages/{sent.json()['id']}")).json()
    assert (found["state"], found["address"], found["lead_id"]) == ("queued", "ana@example.com", lead)
    assert (found["source"], found["priority"], found["history"]) == ("api", 0, [])
    to_lead = (await client.get("/api/v1/messages", params={"lead_id": lead})).json()["items"]
    assert [item["id"] for item in to_lead] == [found["id"]]


async def test_in_a_batch_each_message_stands_for_itself(client: httpx.AsyncClient, db: Database):
    messages = [
        {"to": "a@example.com", "data": {"code": "1"}},
        {"to": "not an address"},
        {"to": "b@example.com", "data": "no object"},
        {"to": "c@example.com", "template_id": "999"},
        {"lead_id": "999"},
        {"to": "d@example.com", "content": {"subject": "Other", "text": "{{ nobody.knows }}"}},
        {"to": "e@example.com", "content": {"subject": "Other", "text": "Other"}},
        {"to": "f@example.com", "transactional": True, "priority": "campaign"},
        {"to": "g@example.com", "unheard_of": 1},
    ]
    answer = await client.post("/api/v1/messages/batch", json=INLINE | {"messages": messages})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == (2, 7)
    fields = [item["errors"][0]["field"] if item["errors"] else None for item in body["items"]]
    expected = [None, "to", "data", "template_id", "lead_id", "text", None, "transactional", "unheard_of"]
    assert fields == expected
    assert [item["id"] is None for item in body["items"]] == [field is not None for field in fields]
    assert await counted(db) == {"queued": 2}
    empty = await client.post("/api/v1/messages/batch", json=INLINE | {"messages": []})
    assert empty.status_code == 422


async def test_messages_of_one_make_share_an_order_and_its_waiting_batch(
    client: httpx.AsyncClient, db: Database
):
    await asyncio.gather(
        *(client.post("/api/v1/messages", json=INLINE | {"to": f"p{n}@example.com"}) for n in range(20))
    )
    async with db.trusted() as tx:
        assert await tx.rows(BOOKS) == [(1, 20, 0)]
        batches = await tx.rows(
            Query("b", "Batches.", "SELECT sum(size)::int, bool_and(first_id <= last_id) FROM batches")
        )
    assert batches == [(20, True)]
    assert await counted(db) == {"queued": 20}


async def test_a_message_waits_for_its_time_and_may_be_called_off(client: httpx.AsyncClient, db: Database):
    at = (clock.now() + timedelta(hours=2)).isoformat()
    ids = []
    for extra in ({"send_at": at}, {}):
        sent = await client.post("/api/v1/messages", json=INLINE | {"to": "ana@example.com"} | extra)
        ids.append(sent.json()["id"])
    waiting = (await client.get(f"/api/v1/messages/{ids[0]}")).json()
    assert waiting["state"] == "deferred"
    assert waiting["due_at"] is not None
    for message_id in ids:
        assert (await client.delete(f"/api/v1/messages/{message_id}")).status_code == 204
        assert (await client.delete(f"/api/v1/messages/{message_id}")).status_code == 204
        assert (await client.get(f"/api/v1/messages/{message_id}")).json()["state"] == "cancelled"
    assert await counted(db) == {"cancelled": 2}
    listed = await client.get("/api/v1/messages", params={"address": "ana@example.com", "state": "cancelled"})
    assert [item["id"] for item in listed.json()["items"]] == ids[::-1]
    naive = INLINE | {"to": "ana@example.com", "send_at": "2030-01-01T10:00:00"}
    assert (await client.post("/api/v1/messages", json=naive)).status_code == 422


async def test_a_batch_under_lease_keeps_its_messages(client: httpx.AsyncClient, db: Database):
    sent = (await client.post("/api/v1/messages", json=INLINE | {"to": "ana@example.com"})).json()["id"]
    async with db.trusted() as tx:
        await tx.execute(Query("lease", "As an engine does.", "UPDATE batches SET state = 'leased'"))
    answer = await client.delete(f"/api/v1/messages/{sent}")
    assert answer.status_code == 409
    # A new message does not join a batch that an engine has read.
    await client.post("/api/v1/messages", json=INLINE | {"to": "bob@example.com"})
    async with db.trusted() as tx:
        assert await tx.value(Query("n", "Batches.", "SELECT count(*) FROM batches")) == 2


async def test_the_same_batch_with_the_same_key_makes_no_second_message(
    client: httpx.AsyncClient, db: Database
):
    body = INLINE | {"messages": [{"to": f"p{n}@example.com"} for n in range(5)]}
    answers = await asyncio.gather(
        *(
            client.post("/api/v1/messages/batch", json=body, headers={"Idempotency-Key": "batch-1"})
            for _ in range(4)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert await counted(db) == {"queued": 5}


async def test_without_a_connection_or_sender_the_answer_says_so(
    client: httpx.AsyncClient, other: httpx.AsyncClient
):
    lone = await other.post("/api/v1/messages", json=INLINE | {"to": "ana@example.com"})
    assert lone.json()["errors"][0]["field"] == "connection_id"
    nameless = await client.post(
        "/api/v1/messages", json={"content": INLINE["content"], "to": "ana@example.com"}
    )
    assert nameless.json()["errors"][0]["field"] == "sender"
