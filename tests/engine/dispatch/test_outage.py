"""The database goes away while messages are on the wire: their outcomes are kept until it is back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailgenius.kit.crypto import Keys
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.embedded import EmbeddedPostgres
from mailgenius.kit.db.migrations import migrate
from mailgenius.kit.jobs import Jobs
from tests.conftest import NEW_WORKSPACE
from tests.engine.dispatch.test_dispatcher import ended, engine, until
from tests.engine.ledger.test_protocol import conserved
from tests.factories.engine import Peer, Peers, make_order


@pytest.fixture
def own_server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that nobody else uses, so that it may crash."""
    server = EmbeddedPostgres(tmp_path / "home", shared_buffers_mib=128)
    migrate(server.acquire())
    yield server
    server.release()


async def test_a_crash_of_the_database_loses_no_outcome(own_server: EmbeddedPostgres, jobs: Jobs, keys: Keys):
    peer = Peer(delay=0.3)
    async with Database(own_server.url, jobs, keys=keys, max_size=8) as db:
        async with db.trusted() as tx:
            workspace_id = await tx.value(NEW_WORKSPACE, name="Ours")
            order_id = await make_order(tx, workspace_id, recipients=3000)
        async with engine(db, Peers(default=peer)):
            await until(db, workspace_id, order_id, lambda found: found.get("accepted", 0) >= 300)
            on_the_wire = len(peer.windows)
            await asyncio.to_thread(own_server.stop, "immediate")
            await asyncio.sleep(1)
            # Without the ledger's leave nothing more is handed over.
            assert len(peer.windows) <= on_the_wire + 4
            await asyncio.to_thread(own_server.acquire)
            assert await until(db, workspace_id, order_id, ended) == {"accepted": 3000}
        assert await conserved(db)
    assert set(Counter(peer.addresses).values()) == {1}
