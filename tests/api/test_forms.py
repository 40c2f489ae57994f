"""Forms by JSON."""

FORM = {"name": "Footer", "title": "News", "consent_text": "I want it.", "double_opt_in": False}


async def test_a_form_is_made_changed_and_taken_out_of_use(client):
    made = await client.post("/api/v1/forms", json=FORM)
    assert made.status_code == 201
    form = made.json()
    assert (form["text_version"], form["pending"], form["confirmed"]) == (1, 0, 0)
    path = f"/api/v1/forms/{form['id']}"
    changes = {
        "consent_text": "I want it all.",
        "fields": [{"key": "name", "label": "Name", "required": True}],
    }
    changed = (await client.patch(path, json=changes)).json()
    assert (changed["text_version"], changed["title"]) == (2, "News")
    assert changed["fields"] == changes["fields"]
    assert (await client.get("/api/v1/forms")).json()["items"] == [changed]
    wrong = {"redirect_url": "ftp://x", "fields": [{"key": "field:none", "label": "x"}]}
    refused = (await client.patch(path, json=wrong)).json()
    assert {error["field"] for error in refused["errors"]} == {"redirect_url", "fields"}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
