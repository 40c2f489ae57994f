"""The page of suppressions: added by hand and by a file, found, lifted; a reader only reads."""

from mailgenius.product.workspaces.model import Role
from tests.factories.leads import make_lead
from tests.web.browser import location

PATH = "/suppressions"


async def test_addresses_are_added_found_and_lifted(signed_in):
    browser = await signed_in(Role.EDITOR)
    assert "Nobody is suppressed" in (await browser.get(PATH)).text
    await browser.get(f"{PATH}/new")
    empty = await browser.post(f"{PATH}/new", {"lines": " "})
    assert empty.status_code == 422
    told = await browser.post(
        f"{PATH}/new", {"lines": "ana@example.com\n@example.org\nnonsense!"}, follow=True
    )
    assert "2 entries were added." in told.text
    assert "1 line was left out" in told.text
    assert "All of example.org" in told.text
    assert "All of example.org" not in (await browser.get(f"{PATH}?search=ana", htmx=True)).text
    assert "No address matches" in (await browser.get(f"{PATH}?reason=bounced")).text
    assert "ana@example.com,email,blocked" in (await browser.get(f"{PATH}/suppressions.csv")).text
    lifted = await browser.post(f"{PATH}/lift", {"address": "@example.org"})
    assert location(lifted) == PATH
    assert "All of example.org" not in (await browser.get(PATH)).text


async def test_the_page_of_a_lead_says_that_the_list_holds_it_back(signed_in, services, workspace_id):
    browser = await signed_in(Role.EDITOR)
    lead = await make_lead(services.db, workspace_id, email="ana@example.org")
    await browser.get(f"{PATH}/new")
    for held_back, act, form in (
        (True, "new", {"lines": "@example.org"}),
        (False, "lift", {"address": "@example.org"}),
        (True, "new", {"lines": "Ana@example.org"}),
    ):
        await browser.post(f"{PATH}/{act}", form, follow=True)
        page = (await browser.get(f"/leads/{lead.id}")).text
        assert ("Receives campaigns." in page) != held_back
        assert ("on the suppression list: nothing is sent to it" in page) == held_back


async def test_a_reader_changes_nothing(signed_in):
    browser = await signed_in(Role.VIEWER)
    assert "Add addresses" not in (await browser.get(PATH)).text
    assert (await browser.get(f"{PATH}/new")).status_code == 403
    assert (await browser.post(f"{PATH}/new", {"lines": "a@example.com"})).status_code == 403
