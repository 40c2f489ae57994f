"""Privacy by API: a copy of everything, erasing with the e-mail typed back, coming back, and retention."""

import io
import json
import zipfile

import httpx

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.product.privacy import service as privacy
from tests.factories.leads import make_lead

EMAIL = "ana@example.com"
AGE = Query(
    "age",
    "Old.",
    "UPDATE leads SET created_at = now() - interval '3 years', updated_at = now() - interval '3 years'"
    " WHERE email = ANY (%(emails)s) RETURNING id",
)
OLD_REJECT = Query(
    "reject",
    "An old import with a rejected row.",
    "WITH i AS (INSERT INTO imports (workspace_id, state, file_key, file_name, file_size, finished_at)"
    " VALUES (%(workspace_id)s, 'done', 'k', 'f', 1, now() - interval '40 days') RETURNING workspace_id, id)"
    " INSERT INTO import_rejects SELECT workspace_id, id, 2, 'bad', '{x}' FROM i",
)
REJECTS = Query("rejects", "How many.", "SELECT count(*) FROM import_rejects")


async def test_a_person_gets_everything_and_is_erased_and_comes_back(client: httpx.AsyncClient):
    body = {"email": EMAIL, "name": "=Ana", "consent_source": "fair", "fields": {"city": "Recife"}}
    lead = (await client.post("/api/v1/leads", json=body)).json()["lead"]
    await client.post("/api/v1/topics", json={"name_en": "News", "key": "news"})
    chosen = {"topics": {"news": False}, "frequency": "month", "language": "pt-BR"}
    kept = await client.put(f"/api/v1/leads/{lead['id']}/preferences", json=chosen)
    assert kept.status_code == 200, kept.text
    told = await client.get(f"/api/v1/leads/{lead['id']}/personal-data")
    whole = told.json()
    (preferred,) = whole["preferences"]
    assert (preferred["topics_left"], preferred["frequency"], preferred["language"]) == (
        ["news"],
        "month",
        "pt-BR",
    )
    assert (whole["lead"]["email"], whole["lead"]["fields"]) == (EMAIL, {"city": "Recife"})
    assert [each["source"] for each in whole["consents"]] == ["fair"]
    packed = await client.get(f"/api/v1/leads/{lead['id']}/personal-data", params={"format": "zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert json.loads(archive.read("person.json"))["lead"] == whole["lead"]
        assert b"fair" in archive.read("consents.csv")
    wrong = await client.post("/api/v1/erasures", json={"lead_id": lead["id"], "confirm": "ana"})
    assert (wrong.status_code, EMAIL in wrong.json()["detail"]) == (422, True)
    done = await client.post("/api/v1/erasures", json={"lead_id": lead["id"], "confirm": EMAIL})
    assert (done.status_code, done.json()["counts"]["leads"]) == (201, 1)
    assert (await client.get(f"/api/v1/leads/{lead['id']}")).status_code == 404
    refused = await client.post("/api/v1/leads", json={"email": EMAIL})
    assert (refused.status_code, "asked to be erased" in refused.json()["detail"]) == (409, True)
    letter = {"to": EMAIL, "content": {"subject": "Hi", "text": "Hi"}, "sender": {"email": "x@example.com"}}
    assert "erased" in (await client.post("/api/v1/messages", json=letter)).text
    back = await client.post("/api/v1/erasures/allow", json={"email": EMAIL, "source": "Called us"})
    assert (back.status_code, back.json()["consent_source"]) == (201, "Called us")
    (past,) = (await client.get("/api/v1/erasures")).json()["items"]
    assert past["allowed_at"] is not None


async def test_what_is_kept_and_for_how_long_is_the_workspaces_choice(
    client: httpx.AsyncClient, db: Database, workspace_id: int, other_workspace_id: int
):
    assert (await client.get("/api/v1/retention")).json()["inactive_months"] is None
    short = {"tracking_months": 12, "inactive_months": 24}
    assert (await client.put("/api/v1/retention", json=short)).status_code == 422
    rules = {"tracking_months": 24, "attempts_days": 30, "files_days": 30, "inactive_months": 24}
    saved = await client.put("/api/v1/retention", json=rules)
    assert saved.json() == {"data_days": 30, **rules}
    for place in (workspace_id, other_workspace_id):
        await make_lead(db, place, email="silent@example.com")
        await make_lead(db, place, email="consented@example.com", consent_source="fair")
        async with db.trusted() as tx:
            await tx.execute(AGE, emails=["silent@example.com", "consented@example.com"])
            await tx.execute(OLD_REJECT, workspace_id=place)
    counted = await client.get("/api/v1/retention/inactive", params={"months": 24})
    assert counted.json() == {"count": 1, "more": False}
    done = await privacy.keep_rules(db, workspace_id=workspace_id)
    assert done == {"rejected_rows": 1, "leads": 1}
    assert await privacy.keep_rules(db, workspace_id=workspace_id) == {}
    left = (await client.get("/api/v1/leads")).json()["items"]
    assert [each["email"] for each in left] == ["consented@example.com"]
    async with db.trusted() as tx:
        assert await tx.value(REJECTS) == 1
