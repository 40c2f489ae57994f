"""Leads: list, search, filters, adding, acts on many, one lead."""

import re
from typing import Any

import pytest

from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.leads import jobs, service as leads
from mailgenius.product.leads.errors import LeadNotFound
from mailgenius.product.leads.model import FieldType, Lead, LeadInput, LeadStatus
from mailgenius.product.workspaces.model import Role
from mailgenius.web.pages.leads import timeline
from tests.web.browser import location
from tests.web.conftest import SignedIn


async def make_lead(services: Services, workspace_id: int, email: str, **values: Any) -> Lead:
    async with services.db.trusted() as tx:
        given = LeadInput(email=email, **values)
        return (await leads.upsert(tx, workspace_id=workspace_id, lead=given)).lead


async def read(services: Services, workspace_id: int, lead_id: int) -> Lead:
    async with services.db.trusted() as tx:
        return await leads.get(tx, workspace_id=workspace_id, lead_id=lead_id)


@pytest.fixture
async def ana(services: Services, workspace_id: int) -> Lead:
    return await make_lead(
        services,
        workspace_id,
        "ana@acme.test",
        name="Ana Conceição",
        tags=("vip",),
        fields={"age": 41, "city": "Rio"},
    )


async def test_an_empty_list_says_what_to_do(signed_in: SignedIn):
    page = await (await signed_in(Role.EDITOR)).get("/leads")
    assert "No leads yet" in page.text
    assert "/imports/new" in page.text
    page = await (await signed_in(Role.VIEWER)).get("/leads")
    assert "/imports/new" not in page.text


async def test_search_and_filters_answer_with_a_fragment(
    signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead
):
    await make_lead(services, workspace_id, "bea@acme.test", name="Bea", status=LeadStatus.BLOCKED)
    browser = await signed_in(Role.VIEWER)
    page = await browser.get("/leads")
    assert "2 leads" in page.text
    for query, expected in (
        ("search=conceicao", {"ana"}),
        ("search=ANA@acme.test", {"ana"}),
        ("status=blocked", {"bea"}),
        ("tag=vip", {"ana"}),
        ("tag=vip&status=blocked", set()),
        ("status=made-up", {"ana", "bea"}),
        ("field=age&value=41", {"ana"}),
        ("field=age&value=41&sort=changed&status=active", {"ana"}),
        ("created_from=2026-01-01&sort=oldest", {"ana", "bea"}),
        ("created_to=2026-01-01", set()),
        ("updated_from=3026-01-01&field=&value=x", set()),
    ):
        part = await browser.get(f"/leads?{query}", htmx=True)
        assert "<html" not in part.text
        assert {name for name in ("ana", "bea") if f"{name}@acme.test" in part.text} == expected, query
    assert "No lead matches" in part.text or expected
    wrong = await browser.get("/leads?field=made_up&value=1")
    assert "no such field" in wrong.text


async def test_each_type_of_field_has_its_input(signed_in: SignedIn, services: Services, workspace_id: int):
    async with services.db.trusted() as tx:
        for kind in FieldType:
            choices = ("red", "blue", "green") if kind in {FieldType.CHOICE, FieldType.CHOICES} else ()
            await leads.create_field(
                tx, workspace_id=workspace_id, label=f"My {kind.value}", type=kind, choices=choices
            )
    stored = {
        "my_text": "x", "my_number": 1.5, "my_date": "2026-01-31", "my_datetime": "2026-01-31T12:00:00Z",
        "my_boolean": True, "my_choice": "blue", "my_choices": ["red", "green"], "my_url": "https://example.com",
    }  # fmt: skip
    lead = await make_lead(services, workspace_id, "typed@acme.test", fields=stored)
    browser = await signed_in(Role.EDITOR)
    page = (await browser.get(f"/leads/{lead.id}")).text
    for shown in ('type="number"', 'value="2026-01-31"', 'value="2026-01-31T09:00"', 'type="url"'):
        assert shown in page
    sent = {f"field:{key}": str(value) for key, value in stored.items()} | {
        "email": "typed@acme.test", "field:my_datetime": "2026-01-31T09:00", "field:my_boolean": "true",
        "field:my_choices": ["red", "green"],
    }  # fmt: skip
    await browser.post(f"/leads/{lead.id}", data=sent)
    assert (await read(services, workspace_id, lead.id)).fields == stored
    changed = {"field:my_datetime": "2026-02-01T09:00", "field:my_boolean": "", "field:my_choices": ["blue"]}
    await browser.post(f"/leads/{lead.id}", data=sent | changed)
    assert (await read(services, workspace_id, lead.id)).fields == {
        key: value for key, value in stored.items() if key != "my_boolean"
    } | {"my_datetime": "2026-02-01T12:00:00Z", "my_choices": ["blue"]}
    refused = await browser.post(f"/leads/{lead.id}", data=sent | {"field:my_number": "many"})
    assert refused.status_code == 422
    assert "does not fit “My number”" in refused.text


async def test_older_events_of_a_lead_are_shown_when_asked_for(
    signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead
):
    async with services.db.tenant(workspace_id) as tx:
        for n in range(timeline.SHOWN):
            await leads.add_tags(tx, workspace_id=workspace_id, lead_ids=[ana.id], tags=[f"tag{n}"])
    browser = await signed_in(Role.VIEWER)
    newest, everything = [
        (await browser.get(f"/leads/{ana.id}{query}")).text for query in ("", "?events=older")
    ]
    assert newest.count("mg-timeline-mark") == timeline.SHOWN < everything.count("mg-timeline-mark")
    assert ("?events=older" in newest, "?events=older" in everything) == (True, False)
    assert "Added to the workspace" in everything


async def test_pages_turn_forth_and_back(signed_in: SignedIn, services: Services, workspace_id: int):
    async with services.db.trusted() as tx:
        given = [LeadInput(email=f"p{n:03}@acme.test") for n in range(120)]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=given)
    browser = await signed_in(Role.VIEWER)
    seen, path, back = [], "/leads", []
    while path:
        page = await browser.get(path)
        seen += re.findall(r"p\d{3}@acme\.test", page.text)
        back.append(path)
        found = re.search(r'href="([^"]+)"[^>]*>Next', page.text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(set(seen)) == 120
    assert len(back) == 3
    previous = re.search(r'href="([^"]+)"[^>]*>\s*<svg.*?</svg>Previous', page.text)[1].replace("&amp;", "&")
    assert previous == back[1]


async def test_adding_a_lead(signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead):
    browser = await signed_in(Role.EDITOR)
    form = {"email": "new@acme.test", "name": "New", "phone": "11 91234-5678", "tags": "a, b"}
    path = location(await browser.post("/leads", form))
    lead = await read(services, workspace_id, int(path.split("/")[-1]))
    assert (lead.phone, lead.tags) == ("+5511912345678", ("a", "b"))
    assert "Lead added." in (await browser.get(path)).text
    same = await browser.post("/leads", {"email": "ana@acme.test", "name": "Other"})
    assert location(same) == f"/leads/{ana.id}"
    assert (await read(services, workspace_id, ana.id)).name == "Ana Conceição"
    bad = await browser.post("/leads", {"email": "nope", "name": "x"}, htmx=True)
    assert bad.status_code == 422
    assert "is not an e-mail address" in bad.text
    nobody = await browser.post("/leads", {"name": "x"})
    assert "is needed" in nobody.text


async def test_a_lead_is_edited(signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead):
    await make_lead(services, workspace_id, "taken@acme.test")
    browser = await signed_in(Role.EDITOR)
    page = await browser.get(f"/leads/{ana.id}")
    assert "Ana Conceição" in page.text
    form = {
        "email": "ana@acme.test",
        "name": "Ana",
        "phone": "",
        "external_id": "x-1",
        "tags": ["vip", "new"],
        "field:age": "41",
        "field:city": "Recife",
        "new_label": "Data de nascimento",
        "new_value": "1984-02-01",
        "consent_at": "2026-01-02T10:30",
        "consent_source": "fair",
    }
    assert location(await browser.post(f"/leads/{ana.id}", form)) == f"/leads/{ana.id}"
    lead = await read(services, workspace_id, ana.id)
    assert lead.fields == {"age": 41, "city": "Recife", "data_de_nascimento": "1984-02-01"}
    assert lead.consent_at.isoformat() == "2026-01-02T13:30:00+00:00"
    page = await browser.get(f"/leads/{ana.id}")
    assert "Edited" in page.text
    assert 'value="2026-01-02T10:30"' in page.text
    taken = await browser.post(f"/leads/{ana.id}", {**form, "email": "taken@acme.test"})
    assert taken.status_code == 422
    assert "another lead has this e-mail" in taken.text
    await browser.post(f"/leads/{ana.id}", {**form, "field:city": ""})
    assert "city" not in (await read(services, workspace_id, ana.id)).fields


async def test_status_and_deletion_of_one(
    signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead
):
    browser = await signed_in(Role.EDITOR)
    path = f"/leads/{ana.id}"
    assert location(await browser.post(f"{path}/status", {"status": "blocked"})) == path
    assert (await read(services, workspace_id, ana.id)).status is LeadStatus.BLOCKED
    assert "Status: Blocked" in (await browser.get(path)).text
    assert (await browser.post(f"{path}/status", {"status": "king"})).status_code == 422
    assert location(await browser.post(f"{path}/delete")) == "/leads"
    assert (await browser.get(path)).status_code == 404


async def test_acts_on_many(signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead):
    bea = await make_lead(services, workspace_id, "bea@acme.test")
    browser = await signed_in(Role.EDITOR)
    ids = [str(ana.id), str(bea.id)]
    form = {"ids": ids, "next": "/leads?tag=vip", "tags": "x, y"}
    assert location(await browser.post("/leads/bulk", {**form, "action": "add_tags"})) == "/leads?tag=vip"
    assert "2 leads tagged." in (await browser.get("/leads?tag=vip")).text
    assert (await read(services, workspace_id, ana.id)).tags == ("vip", "x", "y")
    await browser.post("/leads/bulk", {**form, "action": "remove_tags", "tags": "x"})
    assert (await read(services, workspace_id, bea.id)).tags == ("y",)
    await browser.post("/leads/bulk", {**form, "action": "status:unsubscribed"})
    assert (await read(services, workspace_id, bea.id)).status is LeadStatus.UNSUBSCRIBED
    await browser.post("/leads/bulk", {**form, "action": "delete", "ids": [str(bea.id)]})
    with pytest.raises(LeadNotFound):
        await read(services, workspace_id, bea.id)
    for wrong in ({"ids": []}, {"tags": " ", "action": "add_tags"}, {"next": "//evil.test"}):
        assert location(
            await browser.post("/leads/bulk", {**form, "action": "add_tags", **wrong})
        ).startswith("/leads")
    assert (await browser.post("/leads/bulk", {**form, "action": "explode"})).status_code == 422


async def test_acts_on_all_that_match_are_watched_and_taken_back(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int, ana: Lead
):
    async with services.db.trusted() as tx:
        many = [LeadInput(email=f"b{n}@acme.test", name="Bea") for n in range(55)]
        await leads.upsert_batch(tx, workspace_id=workspace_id, leads=many)
    browser = await signed_in(Role.EDITOR)
    assert "All 55 that match" in (await browser.get("/leads?search=bea")).text
    assert "that match" not in (await browser.get("/leads?search=ana")).text
    everything = {"all_matching": "1", "search": "bea", "next": "/leads?search=bea"}
    path = location(await browser.post("/leads/bulk", everything | {"action": "add_tags", "tags": "new"}))
    assert "Waiting for its turn" in (await browser.get(path)).text
    assert path in (await browser.get("/leads")).text
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await jobs.bulk(context, workspace_id=workspace_id, act_id=int(path.rsplit("/", 1)[1]))
    assert "55 leads were changed." in (await browser.get(path)).text
    assert "event: done" in (await browser.get(f"{path}/events")).text
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    await stranger.get("/leads")
    for answer in (stranger.get(path), stranger.post(f"{path}/undo"), stranger.post(f"{path}/cancel")):
        assert (await answer).status_code == 404
    assert location(await browser.post(f"{path}/undo")) != path

    asked = await browser.post("/leads/bulk", everything | {"action": "delete"})
    assert "55 leads will be deleted" in asked.text
    wrong = await browser.post("/leads/bulk", everything | {"action": "delete", "expected": "5"})
    assert (wrong.status_code, "Nothing was deleted" in wrong.text) == (422, True)
    assert location(
        await browser.post("/leads/bulk", everything | {"action": "delete", "expected": "55"})
    ).startswith("/leads/bulk/")


async def test_a_viewer_changes_nothing(
    signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead
):
    browser = await signed_in(Role.VIEWER)
    page = await browser.get(f"/leads/{ana.id}")
    assert page.status_code == 200
    assert "Rio" in page.text
    assert 'action="/leads/' not in page.text
    for path in (
        f"/leads/{ana.id}",
        f"/leads/{ana.id}/status",
        f"/leads/{ana.id}/delete",
        "/leads",
        "/leads/bulk",
    ):
        answer = await browser.post(path, {"action": "delete", "ids": str(ana.id), "status": "blocked"})
        assert answer.status_code == 403, path
    assert await read(services, workspace_id, ana.id) == ana


async def test_another_workspace_sees_and_changes_nothing(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int, ana: Lead
):
    browser = await signed_in(Role.OWNER, workspace=other_workspace_id)
    for query in ("", "?search=ana", "?search=ana@acme.test", "?tag=vip"):
        page = await browser.get(f"/leads{query}")
        assert "Ana Conceição" not in page.text
        assert "vip</option>" not in page.text or "tag=vip" in query
    path = f"/leads/{ana.id}"
    assert (await browser.get(path)).status_code == 404
    for action in ("", "/status", "/delete"):
        form = {"email": "ana@acme.test", "name": "Stolen", "status": "blocked"}
        assert (await browser.post(path + action, form)).status_code == 404
    for action in ("add_tags", "remove_tags", "delete", "status:blocked"):
        await browser.post("/leads/bulk", {"ids": str(ana.id), "tags": "vip,stolen", "action": action})
    assert await read(services, workspace_id, ana.id) == ana


async def test_names_are_shown_as_text(signed_in: SignedIn, services: Services, workspace_id: int):
    evil = '<script>alert(1)</script>"onmouseover=alert(1)'
    lead = await make_lead(services, workspace_id, "e@acme.test", name=evil, tags=(evil,), fields={"x": evil})
    browser = await signed_in(Role.OWNER)
    for path in ("/leads", f"/leads/{lead.id}", "/leads?search=" + "%3Cscript%3Ealert(1)"):
        page = await browser.get(path)
        assert "<script>alert" not in page.text
        assert '"onmouseover' not in page.text


async def test_what_a_lead_said_is_written_down_and_shown(
    signed_in: SignedIn, services: Services, workspace_id: int, ana: Lead
):
    browser = await signed_in(Role.EDITOR)
    path = f"/leads/{ana.id}/consents"
    said = {"channel": "email", "act": "given", "basis": "contract", "source": "Contract 12"}
    assert location(await browser.post(path, said)) == f"/leads/{ana.id}"
    await browser.post(path, {"channel": "email", "act": "withdrawn", "source": "By phone"})
    page = (await browser.get(f"/leads/{ana.id}")).text
    assert "Legal basis withdrawn" in page
    assert "E-mail · Contract · Contract 12" in page
    assert (await read(services, workspace_id, ana.id)).status is LeadStatus.UNSUBSCRIBED
    assert (await browser.post(path, {"act": "made up"})).status_code == 422
    assert (await (await signed_in(Role.VIEWER)).post(path, said)).status_code == 403


async def test_two_leads_are_compared_and_merged(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int, ana: Lead
):
    twin = await make_lead(
        services, workspace_id, "ana@home.test", name="Ana C.", tags=("home",), fields={"city": "Natal"}
    )
    theirs = await make_lead(services, other_workspace_id, "ana@theirs.test", name="Ana")
    browser = await signed_in(Role.EDITOR)
    assert f"/leads/{ana.id}/merge" in (await browser.get(f"/leads/{ana.id}")).text
    # Somebody of the same name is offered before anything is looked for; oneself and strangers never.
    found = await browser.get(f"/leads/{ana.id}/merge?search=ana", htmx=True)
    assert f"/leads/{ana.id}/merge/{twin.id}" in found.text
    assert f"merge/{ana.id}" not in found.text
    assert f"merge/{theirs.id}" not in found.text
    path = f"/leads/{ana.id}/merge/{twin.id}"
    page = (await browser.get(path)).text
    for said in ("Natal", "Rio", "ana@home.test", "vip", "home", "This cannot be undone"):
        assert said in page, said
    assert (await browser.get(f"/leads/{ana.id}/merge/{theirs.id}")).status_code == 404
    assert (await browser.post(path, {"choice:email": "neither"})).status_code == 422
    done = await browser.post(
        path, {"choice:email": "other", "choice:fields.city": "other", "choice:name": "kept"}
    )
    assert location(done) == f"/leads/{ana.id}"
    lead = await read(services, workspace_id, ana.id)
    assert (lead.email, lead.name, lead.tags) == ("ana@home.test", ana.name, ("vip", "home"))
    assert lead.fields == {"age": 41, "city": "Natal"}
    page = (await browser.get(f"/leads/{ana.id}")).text
    assert "Merged with another lead" in page
    assert "Given up: Ana C., ana@acme.test, Rio" in page
    # Old links lead to where the person is.
    for end in ("", "/merge"):
        assert location(await browser.get(f"/leads/{twin.id}{end}")) == f"/leads/{ana.id}{end}"
    assert f"The lead {twin.id} was merged into this one." in (await browser.get(f"/leads/{ana.id}")).text
    for act in ("", "/consents"):
        gone = await browser.post(f"/leads/{twin.id}{act}", {"channel": "email", "act": "given", "name": "X"})
        assert gone.status_code == 410
        assert f"This lead was merged into lead {ana.id}." in gone.text
    assert location(await browser.get(path)) == f"/leads/{ana.id}"
