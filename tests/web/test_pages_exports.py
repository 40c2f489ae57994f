"""Exports and the acts on many leads that ask one more thing: pages, posts, and whose they are."""

from mailgenius.kit.jobs import JobContext
from mailgenius.kit.services import Services
from mailgenius.product.exports import jobs as export_jobs
from mailgenius.product.leads import jobs as lead_jobs
from mailgenius.product.segments import jobs as segment_jobs, service as segments
from mailgenius.product.workspaces.model import Role
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_lead
from tests.web.browser import location
from tests.web.conftest import SignedIn


async def test_leads_go_into_a_file_that_only_their_workspace_fetches(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    ana = await make_lead(services.db, workspace_id, email="ana@acme.test", tags=("vip",))
    await make_lead(services.db, workspace_id, email="bea@acme.test")
    browser = await signed_in(Role.VIEWER)
    assert "2 leads" in (await browser.get("/exports/new")).text
    chosen = {"ids": [str(ana.id)]}
    editor = await signed_in(Role.EDITOR)
    assert "1 lead<" in (await editor.post("/leads/bulk", chosen | {"action": "export"})).text
    wanted = {"all_matching": "1", "tag": "vip", "columns": ["email", "tags"], "format": "csv"}
    path = location(await browser.post("/exports", wanted))
    assert "Waiting for its turn" in (await browser.get(path)).text
    assert (await browser.get(f"{path}/file")).status_code == 409
    await export_jobs.write(context, workspace_id=workspace_id, export_id=int(path.rsplit("/", 1)[1]))
    assert f"{path}/file" in (await browser.get(path)).text
    assert "event: done" in (await browser.get(f"{path}/events")).text
    fetched = await browser.get(f"{path}/file")
    assert fetched.content.decode("utf-8-sig") == "email,tags\r\nana@acme.test,vip\r\n"
    assert "attachment" in fetched.headers["content-disposition"]
    assert path in (await browser.get("/exports/new")).text
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    for end in ("", "/file", "/events"):
        assert (await stranger.get(path + end)).status_code == 404
    assert (await stranger.post(f"{path}/cancel")).status_code == 404


async def test_a_field_is_set_and_leads_are_left_out_after_one_more_answer(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    ana = await make_lead(services.db, workspace_id, email="ana@acme.test", fields={"city": "Rio"})
    campaign = await make_campaign(services.db, services.keys, workspace_id, name="Winter")
    browser = await signed_in(Role.EDITOR)
    chosen = {"ids": [str(ana.id)], "next": "/leads?tag=vip"}
    setting = chosen | {"action": "set_field"}
    asked = (await browser.post("/leads/bulk", setting)).text
    assert "1 lead is meant" in asked
    assert 'value="city"' in asked
    path = location(
        await browser.post("/leads/bulk", setting | {"field_key": "city", "field_value": "Natal"})
    )
    await lead_jobs.bulk(context, workspace_id=workspace_id, act_id=int(path.rsplit("/", 1)[1]))
    assert "1 lead was changed." in (await browser.get(path)).text
    assert "Natal" in (await browser.get(f"/leads/{ana.id}")).text
    leaving = chosen | {"action": "exclude"}
    assert "Winter" in (await browser.post("/leads/bulk", leaving)).text
    location(await browser.post("/leads/bulk", leaving | {"campaign_id": str(campaign.id)}))
    assert (await browser.post("/leads/bulk", leaving | {"campaign_id": "999999"})).status_code == 404


async def test_a_segment_and_a_field_narrow_the_list_and_what_is_done_to_it(
    signed_in: SignedIn, services: Services, workspace_id: int, other_workspace_id: int
):
    for name, city in (("Aurora", "Rio"), ("Benta", "Rio"), ("Clelia", "Natal")):
        await make_lead(services.db, workspace_id, name=name, tags=("vip",), fields={"city": city})
    await make_lead(services.db, workspace_id, name="Dirce", fields={"city": "Rio"})
    tree = {"all": [{"on": "tag", "op": "any", "value": ["vip"]}]}
    async with services.db.trusted() as tx:
        segment = await segments.create(tx, workspace_id=workspace_id, name="Very important", tree=tree)
    browser = await signed_in(Role.EDITOR)
    asked = f"segment={segment.id}&field=city&value=Rio"
    for there in (f"/leads?segment={segment.id}", f"/exports/new?segment={segment.id}"):
        assert there in (await browser.get(f"/segments/{segment.id}")).text
    shown = (await browser.get(f"/leads?{asked}")).text
    assert [name for name in ("Aurora", "Benta", "Clelia", "Dirce") if name in shown] == ["Aurora", "Benta"]
    export = (await browser.get(f"/exports/new?{asked}")).text
    assert all(text in export for text in ("2 leads", "Very important", "Rio"))
    meant = {
        "all_matching": "1",
        "segment": str(segment.id),
        "field": "city",
        "value": "Rio",
        "next": "/leads",
    }
    ask = (await browser.post("/leads/bulk", meant | {"action": "delete"})).text
    assert all(text in ask for text in ("2 leads will be deleted", "Very important", "Rio"))
    path = location(await browser.post("/leads/bulk", meant | {"action": "delete", "expected": "2"}))
    context = JobContext(db=services.db, settings=services.settings, storage=services.storage)
    await segment_jobs.act_on_members(context, workspace_id=workspace_id, act_id=int(path.rsplit("/", 1)[1]))
    assert "2 leads were deleted." in (await browser.get(path)).text
    left = (await browser.get("/leads")).text
    assert [name for name in ("Aurora", "Benta", "Clelia", "Dirce") if name in left] == ["Clelia", "Dirce"]
    stranger = await signed_in(Role.OWNER, workspace=other_workspace_id)
    await stranger.get("/leads")
    assert (await stranger.get(f"/leads?segment={segment.id}")).status_code == 404
    assert (await stranger.post("/leads/bulk", meant | {"action": "delete"})).status_code == 404
