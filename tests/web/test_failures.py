"""The pages of what we did not expect: a defect of ours, and a database that is away."""

from litestar import Litestar, get

from mailgenius.kit.services import Services
from mailgenius.web.visits import ANYONE
from tests.engine.tracking.test_recorder import outage
from tests.web.browser import Browser
from tests.web.conftest import SignedIn


@get("/broken", opt=ANYONE)
async def broken() -> str:
    raise RuntimeError("postgresql://user:secret@host/db")


async def test_a_defect_tells_a_code_and_no_detail(app: Litestar, guest: Browser):
    app.register(broken)
    page = await guest.get("/broken")
    assert (page.status_code, "Something broke on our side" in page.text) == (500, True)
    assert "tell your administrator this code" in page.text
    assert "secret" not in page.text
    over = await guest.get("/broken", htmx=True)
    assert (over.status_code, over.text) == (500, "")
    assert "Nothing was changed" in over.headers["hx-trigger"]


async def test_an_outage_is_a_page_that_ends_with_it(
    signed_in: SignedIn, services: Services, server: str, database_url: str
):
    browser = await signed_in()
    # A visitor waits longer for a connection to come back; the page at the end is the same.
    services.db._pool.timeout = 1
    async with outage(server, database_url):
        page = await browser.get("/leads")
        assert (page.status_code, "We will be right back" in page.text) == (503, True)
        assert database_url not in page.text
    services.db._pool.timeout = 30
    assert (await browser.get("/leads")).status_code == 200


async def test_a_number_that_no_row_can_have_is_no_defect(signed_in: SignedIn):
    browser = await signed_in()
    for wrong in ("0", "-1", "9" * 30, "-" + "9" * 30):
        assert (await browser.get(f"/leads/{wrong}")).status_code == 404
    assert (await browser.get(f"/campaigns/new?template={'9' * 5000}")).status_code == 200
