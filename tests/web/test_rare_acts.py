"""Acts of pages that other tests only ask for in vain: each succeeds once, and so leaves its audit entry."""

from mailgenius.kit.services import Services
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Role
from tests.factories.campaigns import make_campaign
from tests.factories.leads import make_lead
from tests.web.browser import location
from tests.web.conftest import SignedIn
from tests.web.test_pages_sending import WRITTEN

TREE = {"all": [{"on": "tag", "op": "any", "value": ["vip"]}]}
BUILT = {
    "name": "Vips",
    "n:group": "all",
    "n.0:what": "tag",
    "n.0:was": "tag",
    "n.0:op": "any",
    "n.0:value": "x",
}


async def test_what_was_written_is_changed_copied_and_deleted(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    browser = await signed_in(Role.EDITOR)
    await browser.get("/templates/new")
    template = location(await browser.post("/templates", WRITTEN))
    assert location(await browser.post(template, {**WRITTEN, "name": "Other"})) == template
    campaign = await make_campaign(services.db, services.keys, workspace_id, name="Winter")
    copy = location(await browser.post(f"/campaigns/{campaign.id}/duplicate")).removesuffix("/edit")
    assert location(await browser.post(f"{copy}/delete")) == "/campaigns"
    async with services.db.tenant(workspace_id) as tx:
        segment = await segments.create(tx, workspace_id=workspace_id, name="Vips", tree=TREE)
    path = f"/segments/{segment.id}"
    assert location(await browser.post(path, BUILT)) == path
    assert location(await browser.post(f"{path}/count")) == path


async def test_acts_on_many_and_exports_are_called_off(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    await make_lead(services.db, workspace_id, email="ana@acme.test", tags=("vip",))
    browser = await signed_in(Role.EDITOR)
    await browser.get("/leads")
    act = location(
        await browser.post(
            "/leads/bulk", {"all_matching": "1", "tag": "vip", "action": "add_tags", "tags": "x"}
        )
    )
    assert location(await browser.post(f"{act}/cancel")) == act
    export = location(
        await browser.post("/exports", {"all_matching": "1", "columns": ["email"], "format": "csv"})
    )
    assert location(await browser.post(f"{export}/cancel")) == export


async def test_a_person_is_erased_and_let_in_again_and_terms_are_set(
    signed_in: SignedIn, services: Services, workspace_id: int
):
    ana = await make_lead(services.db, workspace_id, email="ana@acme.test")
    browser = await signed_in(Role.OWNER)
    await browser.get(f"/leads/{ana.id}/erase")
    assert location(await browser.post(f"/leads/{ana.id}/erase", {"typed": "ana@acme.test"})) == "/leads"
    person = {"email": "ana@acme.test", "phone": "", "external_id": "", "source": "wrote to us"}
    assert location(await browser.post("/settings/privacy/allow", person)).startswith("/leads/")
    terms = {
        "tracking_months": "12",
        "data_days": "30",
        "attempts_days": "",
        "files_days": "",
        "inactive_months": "",
    }
    assert location(await browser.post("/settings/privacy", terms)) == "/settings/privacy"


async def test_a_file_goes_onto_the_suppression_list(signed_in: SignedIn):
    browser = await signed_in(Role.ADMIN)
    await browser.get("/suppressions/add")
    lines = "".join(f"nobody{n}@example.com\n" for n in range(3))
    answer = await browser.post("/suppressions/file", files={"file": ("list.csv", lines.encode())})
    assert answer.status_code in {200, 302, 303}, answer.text
    assert "nobody1@example.com" in (await browser.get("/suppressions")).text
