"""Leads over the API."""

import asyncio
from typing import Any

import httpx
import pytest

from mailgenius.kit.db.database import Database
from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.leads import jobs
from tests.factories.leads import all_leads

LEADS = "/api/v1/leads"
ANA = {
    "email": "Ana@Example.com",
    "phone": "+55 11 98765-4321",
    "external_id": "crm-1",
    "name": "Ana Souza",
    "tags": ["vip"],
    "fields": {"city": "Recife", "age": 31, "member": True},
    "consent_at": "2026-01-02T10:00:00-03:00",
    "consent_source": "checkout",
}


async def add(client: httpx.AsyncClient, **lead: object) -> dict:
    answer = await client.post(LEADS, json=lead)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()["lead"]


async def test_a_lead_is_created_then_updated(client: httpx.AsyncClient):
    made = await client.post(LEADS, json=ANA)
    assert made.status_code == 201
    lead = made.json()["lead"]
    assert made.json()["id"] == lead["id"]
    assert isinstance(lead["id"], str)
    assert (lead["email"], lead["phone"], lead["status"]) == ("ana@example.com", "+5511987654321", "active")
    assert lead["fields"] == {"city": "Recife", "age": 31, "member": True}
    again = await client.post(LEADS, json={"email": "ana@example.com", "tags": ["new"]})
    assert again.status_code == 200
    assert again.json()["created"] is False
    assert again.json()["lead"]["id"] == lead["id"]
    assert set(again.json()["lead"]["tags"]) == {"vip", "new"}
    assert (await client.get(f"{LEADS}/{lead['id']}")).json() == again.json()["lead"]


async def test_an_identity_of_two_leads_is_a_conflict(client: httpx.AsyncClient):
    await add(client, email="ana@example.com")
    await add(client, external_id="crm-2")
    answer = await client.post(LEADS, json={"email": "ana@example.com", "external_id": "crm-2"})
    assert answer.status_code == 409


async def test_a_bad_lead_of_a_batch_costs_itself_only(client: httpx.AsyncClient):
    await add(client, email="old@example.com", name="Old")
    batch = [
        {"email": "new@example.com"},
        {"email": "broken"},
        {"email": "old@example.com", "name": "New"},
        {},
    ]
    answer = await client.post(f"{LEADS}/batch", json={"leads": batch})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["created"], body["updated"], body["unchanged"]) == (1, 1, 0)
    assert [item["index"] for item in body["rejected"]] == [1, 3]
    assert all(item["reason"] for item in body["rejected"])


async def test_a_batch_keeps_what_is_there_when_asked(client: httpx.AsyncClient):
    await add(client, email="old@example.com", name="Old")
    batch = {"leads": [{"email": "old@example.com", "name": "New"}], "mode": "keep"}
    body = (await client.post(f"{LEADS}/batch", json=batch)).json()
    assert (body["created"], body["updated"], body["unchanged"]) == (0, 0, 1)


async def test_a_batch_of_5000_is_taken_and_one_more_is_not(client: httpx.AsyncClient):
    batch = [{"email": f"p{number}@example.com"} for number in range(5001)]
    answer = await client.post(f"{LEADS}/batch", json={"leads": batch})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "leads"
    answer = await client.post(f"{LEADS}/batch", json={"leads": batch[:5000]})
    assert answer.json()["created"] == 5000


async def test_the_list_goes_from_page_to_page_newest_first(client: httpx.AsyncClient):
    for number in range(5):
        await add(client, email=f"p{number}@example.com")
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(LEADS, params=params)).json()
        seen += [lead["email"] for lead in page["items"]]
        cursor = page["next_cursor"]
        assert (page["total"], page["total_is_estimate"]) == (5, False)
    assert cursor is None
    assert seen == [f"p{number}@example.com" for number in (4, 3, 2, 1, 0)]


async def test_the_list_is_searched_and_filtered(client: httpx.AsyncClient):
    await add(client, email="ana@example.com", name="Ana Souza", tags=["vip"], fields={"city": "Recife"})
    await add(client, email="joao@example.com", name="João Lima", status="blocked")
    for params, expected in (
        ({"search": "souz"}, ["ana@example.com"]),
        ({"search": "joao"}, ["joao@example.com"]),
        ({"tag": "vip"}, ["ana@example.com"]),
        ({"status": "blocked"}, ["joao@example.com"]),
        ({"search": "nobody"}, []),
        ({"field.city": "Recife", "tag": "vip"}, ["ana@example.com"]),
        ({"field.city": "Olinda"}, []),
        (
            {"created_since": "2026-01-01T00:00:00Z", "sort": "oldest"},
            ["ana@example.com", "joao@example.com"],
        ),
        ({"created_until": "2026-01-01T00:00:00Z"}, []),
        ({"updated_since": "3026-01-01T00:00:00-03:00", "sort": "changed"}, []),
    ):
        page = (await client.get(LEADS, params=params)).json()
        assert [lead["email"] for lead in page["items"]] == expected, params


async def test_only_the_parts_asked_for_come(client: httpx.AsyncClient):
    made = await add(client, **ANA)
    page = (await client.get(LEADS, params={"fields": "email,fields.city,fields.nothing"})).json()
    assert page["items"] == [{"id": made["id"], "email": "ana@example.com", "fields": {"city": "Recife"}}]
    one = (await client.get(f"{LEADS}/{made['id']}", params={"fields": "fields, status"})).json()
    assert one == {"id": made["id"], "status": "active", "fields": made["fields"]}


async def test_a_change_touches_what_it_names(client: httpx.AsyncClient):
    made = await add(client, **ANA)
    address = f"{LEADS}/{made['id']}"
    changes = {"name": "Ana Lima", "phone": None, "tags": [], "fields": {"city": "Olinda", "age": None}}
    changed = (await client.patch(address, json=changes)).json()
    assert (changed["name"], changed["phone"], changed["tags"]) == ("Ana Lima", None, [])
    assert changed["fields"] == {"city": "Olinda", "member": True}
    assert (changed["email"], changed["external_id"]) == ("ana@example.com", "crm-1")
    assert (await client.patch(address, json={})).json() == changed
    stopped = (await client.patch(address, json={"status": "unsubscribed"})).json()
    assert stopped["status"] == "unsubscribed"


async def test_a_lead_keeps_one_identity(client: httpx.AsyncClient):
    made = await add(client, email="ana@example.com")
    answer = await client.patch(f"{LEADS}/{made['id']}", json={"email": None})
    assert answer.status_code == 422


async def test_a_deleted_lead_is_gone(client: httpx.AsyncClient):
    made = await add(client, **ANA)
    assert (await client.delete(f"{LEADS}/{made['id']}")).status_code == 204
    for answer in (
        await client.get(f"{LEADS}/{made['id']}"),
        await client.delete(f"{LEADS}/{made['id']}"),
        await client.patch(f"{LEADS}/{made['id']}", json={"name": "x"}),
    ):
        assert answer.status_code == 404


async def test_tags_are_counted(client: httpx.AsyncClient):
    await add(client, email="ana@example.com", tags=["vip", "new"])
    await add(client, email="joao@example.com", tags=["vip"])
    items = (await client.get("/api/v1/tags")).json()["items"]
    assert {item["tag"]: item["count"] for item in items} == {"vip": 2, "new": 1}


@pytest.mark.parametrize("text", ["%", "_", "'", "a & b | !", ":*", "\\", "()", "🙂", "ção" * 50])
async def test_any_text_may_be_searched_for(client: httpx.AsyncClient, text: str):
    assert (await client.get(LEADS, params={"search": text})).status_code == 200


async def test_an_act_on_all_that_match_is_queued_and_followed(
    client: httpx.AsyncClient, services: Services, workspace_id: int
):
    for name in ("a", "b"):
        assert (await client.post(f"{LEADS}/batch", json={"leads": [{"external_id": name}]})).is_success
    asked = {"act": "delete", "filter": {"status": "active"}}
    assert (await client.post(f"{LEADS}/bulk", json=asked)).status_code == 422
    wrong = await client.post(f"{LEADS}/bulk", json=asked | {"expected": 3})
    assert (wrong.status_code, "There are 2 leads" in wrong.json()["detail"]) == (409, True)
    queued = await client.post(f"{LEADS}/bulk", json=asked | {"expected": 2})
    assert (queued.status_code, queued.json()["state"], queued.json()["total"]) == (202, "queued", 2)
    path = f"{LEADS}/bulk/{queued.json()['id']}"
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await jobs.bulk(context, workspace_id=workspace_id, act_id=int(queued.json()["id"]))
    ended = (await client.get(path)).json()
    assert (ended["state"], ended["changed"], ended["can_be_undone"]) == ("done", 2, False)
    assert (await client.post(f"{path}/cancel")).status_code == 409
    assert (await client.post(f"{path}/undo")).status_code == 409
    assert (await client.get(LEADS)).json()["total"] == 0


async def test_leads_that_arrive_together_are_answered_apart(
    client: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, workspace_id: int
):
    """One commit holds many: what is wrong with one of them, or meets another, stays its own matter."""
    await client.post(LEADS, json={"email": "known@example.com", "phone": "+5511987650001"})
    await client.post(LEADS, json={"email": "else@example.com"})
    bodies: list[dict[str, Any]] = [{"email": f"one{n}@example.com", "name": f"N{n}"} for n in range(20)]
    bodies += [
        {"email": "not an address"},
        {"email": "else@example.com", "phone": "+5511987650001"},
        {"email": "KNOWN@example.com", "name": "Known"},
        {"email": "twin@example.com", "name": "First"},
        {"email": "twin@example.com", "tags": ["second"]},
    ]
    answers = await asyncio.gather(
        *(client.post(LEADS, json=body) for body in bodies),
        *(other.post(LEADS, json={"email": f"one{n}@example.com"}) for n in range(5)),
    )
    found = [answer.status_code for answer in answers]
    assert found[:20] + found[25:] == [201] * 25
    assert found[20:23] == [422, 409, 200]
    assert sorted(found[23:25]) == [200, 201]
    assert [answer.json()["lead"]["name"] for answer in answers[:20]] == [f"N{n}" for n in range(20)]
    assert "else@example.com" in answers[21].text
    twins = {answer.json()["id"] for answer in answers[23:25]}
    assert len(twins) == 1
    stored = {lead.email: lead for lead in await all_leads(db, workspace_id)}
    assert len(stored) == 2 + 20 + 1
    assert (stored["twin@example.com"].name, stored["twin@example.com"].tags) == ("First", ("second",))


async def test_two_leads_are_merged_and_the_old_id_leads_to_the_kept_one(client):
    ana = {"email": "ana@example.com", "name": "Ana", "fields": {"city": "Recife"}, "tags": ["a"]}
    kept = (await client.post("/api/v1/leads", json=ana)).json()["lead"]
    two = {"external_id": "crm-1", "name": "Ana B.", "fields": {"city": "Natal"}, "tags": ["b"]}
    other = (await client.post("/api/v1/leads", json=two)).json()["lead"]
    path = f"/api/v1/leads/{kept['id']}/merge"
    for body, status in (
        ({"other_id": kept["id"]}, 409),
        ({"other_id": "987654321"}, 404),
        ({"other_id": other["id"], "choices": {"email": "mine"}}, 422),
        ({"other_id": other["id"], "choices": {"shoes": "other"}}, 422),
        ({}, 422),
    ):
        assert (await client.post(path, json=body)).status_code == status, body
    asked = {"other_id": other["id"], "choices": {"fields.city": "other"}}
    sent = [await client.post(path, json=asked, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].json() == sent[1].json()
    done = sent[0].json()
    assert (done["removed_id"], done["called_off"], done["moved"]["messages"]) == (other["id"], 0, 0)
    lead = done["lead"]
    assert (lead["id"], lead["external_id"], lead["name"]) == (kept["id"], "crm-1", "Ana")
    assert (lead["fields"], lead["tags"]) == ({"city": "Natal"}, ["a", "b"])
    old = await client.get(f"/api/v1/leads/{other['id']}", params={"fields": "email"})
    assert old.json() == {"id": kept["id"], "email": "ana@example.com"}
    assert old.headers["Content-Location"] == f"/api/v1/leads/{kept['id']}"
    # What would change it is refused, and says where it is.
    for method, end in (
        ("PATCH", ""), ("DELETE", ""), ("POST", "/consents"), ("PUT", "/preferences"), ("POST", "/merge"),
    ):  # fmt: skip
        bodies = {
            "": {"name": "X"},
            "/consents": {"channel": "email", "act": "withdrawn"},
            "/preferences": {},
        }
        body = None if method == "DELETE" else bodies.get(end, {"other_id": kept["id"]})
        gone = await client.request(method, f"/api/v1/leads/{other['id']}{end}", json=body)
        told = (gone.status_code, gone.json()["kept_id"], gone.json()["detail"])
        assert told == (410, kept["id"], f"This lead was merged into lead {kept['id']}."), (method, end)
    # What reads is led on, with what it asked for.
    for end in ("/consents?limit=1", "/preferences", "/personal-data?format=zip"):
        led = await client.get(f"/api/v1/leads/{other['id']}{end}")
        assert (led.status_code, led.headers["Location"]) == (308, f"/api/v1/leads/{kept['id']}{end}")
    # The address names a lead that is there, so it is not the address that is gone.
    assert (await client.post(path, json={"other_id": other["id"]})).status_code == 404
