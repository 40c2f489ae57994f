"""Consent by JSON: recorded, read back, and refused when it is not clear."""


async def test_consent_is_recorded_and_read(client):
    lead = (await client.post("/api/v1/leads", json={"email": "ana@example.com"})).json()["lead"]
    path = f"/api/v1/leads/{lead['id']}/consents"
    said = {
        "act": "given",
        "basis": "contract",
        "source": "order 7",
        "ip": "203.0.113.7",
        "text_version": "2",
    }
    made = await client.post(path, json=said)
    assert made.status_code == 201
    (state,) = made.json()["states"]
    assert (state["channel"], state["basis"], state["way"]) == ("email", "contract", "api")
    await client.post(path, json={"act": "withdrawn"})
    read = (await client.get(path, params={"limit": 1})).json()
    assert [(item["act"], item["basis"]) for item in read["items"]] == [("withdrawn", "contract")]
    rest = (await client.get(path, params={"cursor": read["next_cursor"]})).json()["items"]
    assert [(item["act"], item["ip"], item["text_version"]) for item in rest] == [
        ("given", "203.0.113.7", "2")
    ]
    assert (await client.get(f"/api/v1/leads/{lead['id']}")).json()["status"] == "unsubscribed"
    for wrong in ({"act": "maybe"}, {"act": "given", "ip": "nowhere"}, {"act": "given", "channel": "fax"}):
        assert (await client.post(path, json=wrong)).status_code == 422, wrong
