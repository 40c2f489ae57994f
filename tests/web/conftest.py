"""The app of the screens and browsers that are signed in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from litestar import Litestar
from playwright.sync_api import Browser as Chromium, expect

from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Role
from mailgenius.web.app import create_app
from tests.apps import app_of
from tests.chromium import launched
from tests.factories.workspaces import PASSWORD, make_member
from tests.web.browser import Browser

# A busy machine may take its time; a wait that is met ends at once.
expect.set_options(timeout=60_000)

SignedIn = Callable[..., Awaitable[Browser]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser


@pytest.fixture
def app(services: Services) -> Litestar:
    return app_of(create_app, services)


@pytest.fixture
async def guest(app: Litestar) -> AsyncIterator[Browser]:
    browser = Browser(app)
    async with browser.client:
        yield browser


@pytest.fixture
async def signed_in(app: Litestar, services: Services, workspace_id: int) -> AsyncIterator[SignedIn]:
    """Give a function that signs in a new member: `await signed_in(Role.VIEWER)`."""
    async with AsyncExitStack() as stack:
        count = 0

        async def make(role: Role = Role.OWNER, *, workspace: int | None = None, **headers: str) -> Browser:
            nonlocal count
            count += 1
            email = f"{role}{count}@example.test"
            await add_person(services, workspace or workspace_id, email=email, role=role)
            browser = Browser(app, **headers)
            await stack.enter_async_context(browser.client)
            await browser.sign_in(email, PASSWORD)
            return browser

        yield make


async def add_person(services: Services, workspace_id: int, *, email: str, role: Role) -> None:
    async with services.db.trusted() as tx:
        await make_member(tx, workspace_id=workspace_id, role=role, email=email)
