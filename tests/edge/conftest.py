"""The edge as recipients and machines see it: HTTP in, HTTP out, on the real database."""

from collections.abc import AsyncIterator

import httpx
import pytest

from mailgenius.edge.app import create_app
from mailgenius.engine.tracking.tokens import OrderTokens
from mailgenius.kit.db.database import Database
from mailgenius.kit.services import Services
from mailgenius.processes.dispatcher import started
from tests.engine.tracking.test_recording import Sent, make_sent

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


@pytest.fixture
async def sent(db: Database, workspace_id: int) -> Sent:
    return await make_sent(db, workspace_id)


@pytest.fixture
def tokens(services: Services, sent: Sent) -> OrderTokens:
    return OrderTokens(services.keys, workspace_id=sent.workspace_id, order_id=sent.order_id, sample=False)


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(services)
    async with started(app, {"type": "lifespan", "app": app}):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(
            transport=transport, base_url="https://m.test", headers={"User-Agent": BROWSER}
        ) as made:
            yield made
