"""Templates, connections and campaigns over the API."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

TEMPLATE = {"name": "Welcome", "channel": "email", "subject": "Hello", "html": "<p>Hello {{ lead.name }}</p>"}
SANDBOX = {"name": "Sandbox", "channel": "email", "provider": "sandbox"}
SMTP = {
    "name": "Relay",
    "channel": "email",
    "provider": "smtp",
    "settings": {
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "username": "news",
        "password": "hunter2-secret",
    },
    "limits": {"per_second": 10},
}


async def make(client: httpx.AsyncClient, what: str, body: dict) -> dict:
    answer = await client.post(f"/api/v1/{what}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def draft(client: httpx.AsyncClient) -> dict:
    """A campaign that could be launched: one lead, a template, a connection."""
    await client.post("/api/v1/leads", json={"email": "ana@example.com", "name": "Ana", "tags": ["vip"]})
    return await make(client, "campaigns", await campaign_body(client))


async def campaign_body(client: httpx.AsyncClient) -> dict:
    template = await make(client, "templates", TEMPLATE)
    connection = await make(client, "connections", SANDBOX)
    return {
        "name": "June news",
        "template_id": template["id"],
        "connection_id": connection["id"],
        "sender": {"email": "news@example.com", "name": "Shop"},
        "audience": {"all": True},
    }


async def step(client: httpx.AsyncClient, campaign: dict, name: str) -> httpx.Response:
    return await client.post(f"/api/v1/campaigns/{campaign['id']}/{name}")


async def test_a_template_is_html_or_mjml(client: httpx.AsyncClient):
    html = await make(client, "templates", TEMPLATE)
    assert (html["html"], html["mjml"], html["version"]) == (TEMPLATE["html"], None, 1)
    mjml = await make(client, "templates", {"name": "M", "subject": "S", "mjml": "<mjml></mjml>"})
    assert (mjml["html"], mjml["mjml"]) == (None, "<mjml></mjml>")
    for body in ({"name": "M", "subject": "S"}, TEMPLATE | {"mjml": "<mjml></mjml>"}):
        assert (await client.post("/api/v1/templates", json=body)).status_code == 422


async def test_a_template_is_changed_and_taken_out_of_use(client: httpx.AsyncClient):
    made = await make(client, "templates", TEMPLATE)
    address = f"/api/v1/templates/{made['id']}"
    changed = (await client.patch(address, json={"subject": "Hi", "mjml": "<mjml></mjml>"})).json()
    assert (changed["subject"], changed["name"], changed["html"]) == ("Hi", "Welcome", None)
    assert changed["version"] == 2
    assert (await client.delete(address)).status_code == 204
    assert (await client.get("/api/v1/templates")).json()["items"] == []


async def test_secrets_of_a_connection_never_come_out(client: httpx.AsyncClient):
    made = await make(client, "connections", SMTP)
    address = f"/api/v1/connections/{made['id']}"
    assert made["has_secrets"] is True
    assert made["limits"] == {"per_second": 10, "per_minute": None, "per_hour": None, "per_day": None}
    assert made["routing"] == {"weight": 100, "sender_domains": []}
    warm = {"start": 50, "factor": 2.0, "target": 1000}
    changed = (await client.patch(address, json={"warm_up": warm, "routing": {"weight": 7}})).json()
    assert (changed["warm_up"], changed["ceiling"], changed["routing"]["weight"]) == (warm, 50, 7)
    texts = [
        str(made),
        (await client.get(address)).text,
        (await client.get("/api/v1/connections")).text,
        (await client.patch(address, json={"name": "Relay 2"})).text,
    ]
    assert all("hunter2-secret" not in text for text in texts)
    assert (await client.get(address)).json()["has_secrets"] is True


async def test_a_connection_that_leads_elsewhere_wants_its_secrets_again(client: httpx.AsyncClient):
    made = await make(client, "connections", SMTP)
    answer = await client.patch(
        f"/api/v1/connections/{made['id']}", json={"settings": {"host": "evil.example.com"}}
    )
    assert answer.status_code == 422
    assert "settings.password" in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "pigeon"}, "provider"),
        ({"settings": {"host": "", "port": 25}}, "settings.host"),
        ({"limits": {"per_second": 0}}, "limits.per_second"),
        ({"limits": {"per_minute": 0}}, "limits.per_minute"),
        ({"limits": {"per_year": 1}}, "limits.per_year"),
        ({"routing": {"sender_domains": ["not a domain"]}}, "sender_domains"),
        ({"warm_up": {"start": 9, "target": 3}}, "warm_up.target"),
        ({"name": ""}, "name"),
    ],
)
async def test_a_wrong_connection_names_its_field(client: httpx.AsyncClient, changes: dict, field: str):
    answer = await client.post("/api/v1/connections", json=SMTP | changes)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_two_connections_of_one_name_are_a_conflict(client: httpx.AsyncClient):
    await make(client, "connections", SANDBOX)
    assert (await client.post("/api/v1/connections", json=SANDBOX)).status_code == 409


async def test_a_draft_reads_back_as_it_was_written(client: httpx.AsyncClient, draft: dict):
    read = (await client.get(f"/api/v1/campaigns/{draft['id']}")).json()
    assert (read["state"], read["counts"], read["total"]) == ("draft", {}, 0)
    assert read["sender"] == {"email": "news@example.com", "name": "Shop"}
    assert read["audience"] == {
        "all": True,
        "tags": {"any": [], "all": [], "none": []},
        "segments": {"any": [], "none": []},
    }
    for number in ("sent", "delivered", "opened", "clicked", "unsubscribed", "bounced"):
        assert read[number] == 0
    assert [item["id"] for item in (await client.get("/api/v1/campaigns")).json()["items"]] == [draft["id"]]
    assert (await client.get("/api/v1/campaigns?state=sending")).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sender": {"email": "nobody"}}, "sender.email"),
        ({"sender": {"email": "a@example.com", "name": "A\r\nBcc: x"}}, "sender.name"),
        ({"audience": {}}, "audience"),
        ({"audience": {"tags": {"some": ["x"]}}}, "audience.tags.some"),
        ({"template_id": "99999"}, "template_id"),
        ({"connection_id": 5}, "connection_id"),
        ({"connection_id": "9" * 30}, "connection_id"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
    ],
)
async def test_a_wrong_campaign_names_its_field(client: httpx.AsyncClient, changes: dict, field: str):
    body = await campaign_body(client)
    answer = await client.post("/api/v1/campaigns", json=body | changes)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_draft_is_changed_and_deleted(client: httpx.AsyncClient, draft: dict):
    address = f"/api/v1/campaigns/{draft['id']}"
    changed = await client.patch(address, json={"name": "July", "audience": {"tags": {"any": ["vip"]}}})
    assert changed.json()["name"] == "July"
    assert changed.json()["audience"]["tags"]["any"] == ["vip"]
    assert changed.json()["sender"] == draft["sender"]
    assert (await client.delete(address)).status_code == 204
    assert (await client.get(address)).status_code == 404


async def test_a_campaign_is_launched_once(client: httpx.AsyncClient, draft: dict):
    assert (await client.get(f"/api/v1/campaigns/{draft['id']}/checks")).json() == {
        "ready": True,
        "findings": [],
    }
    launched = await step(client, draft, "launch")
    assert (launched.status_code, launched.json()["state"]) == (200, "freezing")
    again = await step(client, draft, "launch")
    assert again.status_code == 409
    assert (await client.delete(f"/api/v1/campaigns/{draft['id']}")).status_code == 409


async def test_a_campaign_is_paused_resumed_and_cancelled(client: httpx.AsyncClient, draft: dict):
    assert (await step(client, draft, "pause")).status_code == 409
    await step(client, draft, "launch")
    assert (await step(client, draft, "pause")).json()["state"] == "paused"
    assert (await step(client, draft, "resume")).json()["state"] == "freezing"
    assert (await step(client, draft, "cancel")).json()["state"] == "cancelled"
    assert (await step(client, draft, "resume")).status_code == 409


async def test_what_is_missing_stops_the_launch_and_is_named(client: httpx.AsyncClient, draft: dict):
    template = f"/api/v1/templates/{draft['template_id']}"
    await client.patch(template, json={"html": "<p>{{ lead.fields.colour }}</p>"})
    checks = (await client.get(f"/api/v1/campaigns/{draft['id']}/checks")).json()
    assert checks["ready"] is False
    answer = await step(client, draft, "launch")
    assert answer.status_code == 422
    assert "lead.fields.colour" in answer.json()["errors"][0]["message"]


async def test_a_campaign_waits_for_its_time(client: httpx.AsyncClient, draft: dict):
    later = datetime.now(UTC) + timedelta(days=1)
    await client.patch(f"/api/v1/campaigns/{draft['id']}", json={"scheduled_at": later.isoformat()})
    assert (await step(client, draft, "launch")).json()["state"] == "scheduled"


async def test_a_launch_with_a_key_is_safe_to_repeat(client: httpx.AsyncClient, draft: dict):
    address = f"/api/v1/campaigns/{draft['id']}/launch"
    first = await client.post(address, headers={"Idempotency-Key": "go"})
    again = await client.post(address, headers={"Idempotency-Key": "go"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content


async def test_messages_of_a_draft_are_none(client: httpx.AsyncClient, draft: dict):
    page = (await client.get(f"/api/v1/campaigns/{draft['id']}/messages")).json()
    assert page == {"items": [], "next_cursor": None}
