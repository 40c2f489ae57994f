"""How the sending of a workspace goes, by API."""

import httpx

from mailgenius.kit.db.database import Database
from tests.api.conftest import caller
from tests.factories.engine import make_order
from tests.factories.workspaces import make_api_key


async def test_a_key_learns_of_its_own_workspace(
    client: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        await make_order(tx, workspace_id, recipients=40)
    found = (await client.get("/api/v1/operations")).json()
    (queue,) = found["queues"]
    assert (queue["channel"], queue["priority"], queue["queued"]) == ("email", 10, 40)
    assert (found["unknown"], found["engines_alive"]) == (0, 0)
    assert (await other.get("/api/v1/operations")).json()["queues"] == []


async def test_it_wants_a_key_that_manages_the_workspace(app, db: Database, workspace_id: int):
    async with db.tenant(workspace_id) as tx:
        made = await make_api_key(tx, workspace_id=workspace_id, scopes=["campaigns:read"])
    async with caller(app, made.key) as reader:
        assert (await reader.get("/api/v1/operations")).status_code == 403
