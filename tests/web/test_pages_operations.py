"""The operations page: everything for the owner of the installation; a part for who manages a workspace."""

import asyncio

import pytest

from mailgenius.kit.db.queries import Query
from mailgenius.kit.services import Services
from mailgenius.ops.engines import Heartbeat
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Role
from tests.factories.engine import make_order
from tests.factories.workspaces import PASSWORD
from tests.web.browser import Browser
from tests.web.conftest import SignedIn

STARTED = Query(
    "started",
    "Engines run for some minutes.",
    "UPDATE engines SET started_at = seen_at - make_interval(mins => %(minutes)s::int)",
)
CHECKED = Query(
    "checked",
    "The books were checked.",
    "INSERT INTO conservation_checks (way, checked_at, taken, difference, orders)"
    " VALUES ('counters', now() - make_interval(mins => %(minutes)s::int), 0, 0, 0)"
    " ON CONFLICT (way) DO UPDATE SET checked_at = excluded.checked_at",
)


@pytest.fixture
async def orders(services: Services, workspace_id: int, other_workspace_id: int) -> None:
    """30 messages of ours and 1,204 of others wait, and an engine is alive."""
    async with services.db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=30)
        await make_order(tx, other_workspace_id, recipients=1204)
    await Heartbeat(services.db, most_batches=24, stop=asyncio.Event()).beat()


async def test_the_owner_of_the_installation_sees_everything(
    guest: Browser, services: Services, orders: None
):
    async with services.db.trusted() as tx:
        found = await workspaces.ensure_owner(tx, email="root@example.test")
        assert found
    await guest.sign_in("root@example.test", found.password)
    await guest.get("/password")
    await guest.post("/password", {"current": found.password, "new": PASSWORD, "again": PASSWORD})
    page = await guest.get("/operations")
    assert "1,234" in page.text
    assert "process " in page.text
    assert 'href="/operations"' in page.text
    for engine_runs, unchecked, told in ((1, 60, False), (3, 9, False), (3, 11, True)):
        async with services.db.trusted() as tx:
            await tx.execute(STARTED, minutes=engine_runs)
            await tx.execute(CHECKED, minutes=unchecked)
        assert ("Nobody does the background jobs" in (await guest.get("/operations")).text) == told


async def test_who_manages_a_workspace_sees_its_part(signed_in: SignedIn, orders: None):
    browser = await signed_in(Role.ADMIN)
    page = await browser.get("/operations")
    assert page.status_code == 200
    assert "This workspace, as it is now." in page.text
    assert "1,234" not in page.text
    assert "process " not in page.text, "machines are the business of the installation's owner"


async def test_others_are_not_let_in(signed_in: SignedIn):
    browser = await signed_in(Role.EDITOR)
    for path in ("/operations", "/operations/events"):
        assert (await browser.get(path)).status_code == 403
    assert 'href="/operations"' not in (await browser.get("/")).text
