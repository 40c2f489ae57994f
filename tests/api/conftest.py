"""The API as its callers see it: HTTP in, HTTP out, on the real database."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from mailgenius.api.app import create_app
from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from tests.apps import app_of
from tests.factories.workspaces import make_api_key

BASE = "http://api.test"


@pytest.fixture
def app(services: Services) -> Litestar:
    return app_of(create_app, services)


def caller(app: Litestar, key: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # Errors must be answers, so the transport does not let exceptions through.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


@pytest.fixture
async def key(db: Database, workspace_id: int) -> str:
    async with db.tenant(workspace_id) as tx:
        return (await make_api_key(tx, workspace_id=workspace_id)).key


@pytest.fixture
async def client(app: Litestar, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with a key of our workspace that may do everything."""
    async with caller(app, key) as made:
        yield made


@pytest.fixture
async def other(app: Litestar, db: Database, other_workspace_id: int) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with a key of the other workspace."""
    async with db.tenant(other_workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=other_workspace_id)
    async with caller(app, made.key) as client:
        yield client


@pytest.fixture
async def anonymous(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app) as made:
        yield made
