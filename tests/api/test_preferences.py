"""Topics and preferences by API: made, changed, archived; read and written for a lead."""

import httpx

from mailgenius.kit.db.database import Database
from mailgenius.product.leads import service as leads
from tests.factories.leads import make_lead


async def test_topics_are_made_changed_and_put_away(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/topics", json={"name_pt": "Novidades da loja", "about_en": "Weekly"})
    assert answer.status_code == 201
    topic = answer.json()
    assert (topic["key"], topic["name_en"], topic["by_default"]) == (
        "novidades_da_loja",
        "Novidades da loja",
        True,
    )
    again = await client.post("/api/v1/topics", json={"name_en": "Novidades da loja"})
    assert again.status_code == 409
    wrong = await client.post("/api/v1/topics", json={"name_en": " ", "place": -1, "about_en": "x" * 301})
    assert {each["field"] for each in wrong.json()["errors"]} == {"name_en", "about_en", "place"}
    path = f"/api/v1/topics/{topic['id']}"
    changed = (await client.patch(path, json={"by_default": False, "place": 3})).json()
    assert (changed["name_pt"], changed["by_default"], changed["place"]) == ("Novidades da loja", False, 3)
    assert (await client.patch(path, json={"archived": True})).json()["archived"]
    assert (await client.get("/api/v1/topics")).json()["items"] == []
    (kept,) = (await client.get("/api/v1/topics", params={"archived": "true"})).json()["items"]
    assert kept["id"] == topic["id"]


async def test_what_a_lead_prefers_is_read_and_written(
    client: httpx.AsyncClient, db: Database, workspace_id: int
):
    lead = await make_lead(db, workspace_id)
    for name in ("News", "Offers"):
        await client.post("/api/v1/topics", json={"name_en": name, "by_default": name == "News"})
    path = f"/api/v1/leads/{lead.id}/preferences"
    assert (await client.get(path)).json() == {
        "topics": [
            {"key": "news", "wanted": True, "chosen": False},
            {"key": "offers", "wanted": False, "chosen": False},
        ],
        "channels": [{"channel": "email", "on": True, "stopped": False}],
        "frequency": "any",
        "language": None,
    }
    wanted = {"topics": {"news": False, "offers": True}, "frequency": "week", "language": "pt-BR"}
    for _ in range(2):
        said = (await client.put(path, json=wanted)).json()
    assert [(each["wanted"], each["chosen"]) for each in said["topics"]] == [(False, True), (True, True)]
    assert (said["frequency"], said["language"]) == ("week", "pt-BR")
    back = (await client.put(path, json={"topics": {"news": None}})).json()
    assert [(each["wanted"], each["chosen"]) for each in back["topics"]] == [(True, False), (True, True)]
    assert back["frequency"] == "week"
    unknown = await client.put(path, json={"topics": {"jokes": True}})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "topics.jokes")
    async with db.tenant(workspace_id) as tx:
        found = await leads.activity(tx, workspace_id=workspace_id, lead_id=lead.id)
        data = await leads.merge_data(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    assert [each.detail["way"] for each in found if each.kind == "preferences"] == ["api", "api"]
    assert data[lead.id]["language"] == "pt-BR"
