"""The audit log by JSON: what a key did stands there under its name, and what comes by thousands does not."""

import httpx

from mailgenius.kit.services import Services
from tests.api.test_isolation import build_world

DONE = {
    "bulk_act.started", "campaign.created", "campaign.launched", "campaign.paused", "connection.created",
    "dead_letter.run_started", "export.started", "export.finished", "field.created", "form.created",
    "import.started", "segment.created", "sender_domain.added", "suppression.added", "template.created",
}  # fmt: skip
BY_THE_SYSTEM = {"export.finished"}


async def test_what_a_key_does_is_in_the_log_of_its_workspace(
    client: httpx.AsyncClient, other: httpx.AsyncClient, services: Services, workspace_id: int
):
    world = await build_world(client, services, workspace_id)
    await client.post("/api/v1/leads/batch", json={"leads": [{"email": "many@example.com"}]})
    items = (await client.get("/api/v1/audit-log", params={"limit": 500})).json()["items"]
    acts = {item["action"]: item for item in items}
    assert set(acts) >= DONE
    # Leads and messages that programs send in tell it themselves.
    assert not {"lead.created", "lead.changed", "message.sent"} & set(acts)
    for action in DONE:
        doer = ("system", "") if action in BY_THE_SYSTEM else ("api_key", "Test key")
        assert (acts[action]["doer_kind"], acts[action]["doer_name"]) == doer, action
    launched = acts["campaign.launched"]
    assert (launched["object_id"], launched["object_name"]) == (world.ids["campaign_id"], "belongs-to-us")
    assert launched["address"]
    asked = {"object_kind": "campaign", "object_id": world.ids["campaign_id"], "doer_kind": "api_key"}
    about = (await client.get("/api/v1/audit-log", params=asked)).json()["items"]
    assert [item["action"] for item in about] == ["campaign.paused", "campaign.launched", "campaign.created"]
    theirs = (await other.get("/api/v1/audit-log")).text
    assert "belongs-to-us" not in theirs


async def test_a_change_says_what_was_and_what_is(client: httpx.AsyncClient):
    made = (await client.post("/api/v1/leads", json={"email": "ana@example.com", "name": "Ana"})).json()[
        "lead"
    ]
    await client.patch(f"/api/v1/leads/{made['id']}", json={"name": "Ana Souza"})
    await client.patch(f"/api/v1/leads/{made['id']}", json={"name": "Ana Souza"})
    await client.delete(f"/api/v1/leads/{made['id']}")
    made = (await client.post("/api/v1/connections", json={"name": "Old", "provider": "sandbox"})).json()
    await client.patch(f"/api/v1/connections/{made['id']}", json={"name": "New"})
    items = (await client.get("/api/v1/audit-log")).json()["items"]
    told = [(item["action"], item["object_name"], item["details"]) for item in items]
    assert told[:2] == [
        ("connection.changed", "New", {"name": {"from": "Old", "to": "New"}}),
        ("connection.created", "Old", {"provider": "sandbox"}),
    ]
    # A lead stands with its id alone, and a change that changes nothing is none.
    assert [each[:2] for each in told[2:4]] == [("lead.deleted", ""), ("lead.changed", "")]
    assert told[3][2] == {"changed": ["name"]}
    assert not any("ana" in str(each).lower() for each in told if each[0].startswith("lead."))
