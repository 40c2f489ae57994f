"""What an engine keeps at hand, connections and composers: neither closed under somebody nor growing."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from mailgenius.engine.connections.model import Connection
from mailgenius.engine.dispatch.compose import CannotCompose
from mailgenius.engine.dispatch.composers import Composers
from mailgenius.engine.dispatch.senders import IDLE_S, Senders
from mailgenius.engine.ledger.model import Order
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from tests.factories.engine import Peers, make_connection, make_order


@dataclass
class Interrupted(Peers):
    """Something else happens while a connection is looked at again."""

    meanwhile: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def get(self, tx: Tx, *, workspace_id: int, connection_id: int) -> Connection:
        found = await super().get(tx, workspace_id=workspace_id, connection_id=connection_id)
        while self.meanwhile:
            await self.meanwhile.pop()()
        return found


async def test_a_connection_is_not_closed_as_idle_while_somebody_is_about_to_use_it(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        key = workspace_id, await make_connection(tx, workspace_id)
    peers = Interrupted()
    senders = Senders(db, peers)
    async with senders.use(key) as sender:
        pass
    sender.looked_at = sender.used_at = sender.used_at - 2 * IDLE_S
    peers.meanwhile.append(senders.close_idle)
    async with senders.use(key) as again:
        assert again is sender
        assert not peers.default.closed
    await senders.close()
    assert peers.default.closed == 1


async def test_an_order_that_cannot_be_composed_keeps_nothing_of_its_messages(
    db: Database, workspace_id: int
):
    async with db.trusted() as tx:
        order_id = await make_order(tx, workspace_id, recipients=1)
    trouble = CannotCompose(reason="its template is broken")

    def refuse(order: Order) -> None:
        raise trouble

    _, composer = await Composers(db, refuse).of_order(workspace_id, order_id)
    depths = set()
    for number in range(5):
        with suppress(CannotCompose):
            composer.compose(number, "a@example.com", {})
        depths.add(depth_of(trouble))
    assert len(depths) == 1


def depth_of(error: Exception) -> int:
    depth, trace = 0, error.__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    return depth
