"""What the trials send: workspaces, connections to a peer, orders, and what the ledger says of them."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count

from mailgenius.cli.soak.house import House, SoakStuck
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.books import Conservation
from mailgenius.engine.ledger.model import MessageState, OrderContent, OrderState, Policy
from mailgenius.kit.errors import Unavailable
from mailgenius.ops import bench_place
from mailgenius.product.workspaces import service as workspaces

CHUNK = 10_000
SMTP_CONNECTIONS = 4
ALL = 10_000_000
LOOK_EVERY_S = 0.1
STALLED_S = 90.0
"""An order of which nothing moves for this long is stuck."""
LONGEST_S = 300.0
_numbers = count(1)

CONTENT = OrderContent(
    sender_email="news@soak.example",
    sender_name="The Soak",
    reply_to="",
    subject="Hello {{ lead.name }}",
    preheader="",
    html="<p>Hello {{ lead.name }}, <a href='https://soak.example/offer'>an offer</a></p>",
    text="Hello {{ lead.name }}",
    campaign_name="Soak",
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order and everybody who is to get a message of it."""

    house: House
    workspace_id: int
    id: int
    recipients: Sequence[str]

    async def state(self) -> OrderState:
        async with self.house.services.db.trusted() as tx:
            return await intake.order_state(tx, workspace_id=self.workspace_id, order_id=self.id)

    async def counts(self) -> dict[MessageState, int]:
        async with self.house.services.db.trusted() as tx:
            found = await intake.counts(tx, workspace_id=self.workspace_id, order_id=self.id)
        return {state: n for state, n in found.items() if n}

    async def in_state(self, state: MessageState) -> list[str]:
        """Return the recipients whose messages are in a state."""
        async with self.house.services.db.trusted() as tx:
            rows = await intake.messages(
                tx, workspace_id=self.workspace_id, order_id=self.id, state=state, limit=ALL
            )
        return [row.address for row in rows]

    async def drained(self, *, stalled: float = STALLED_S) -> None:
        """Wait until every message has reached an end.

        Raises:
            SoakStuck: nothing moved for too long.
        """
        last: dict[MessageState, int] = {}
        moved = time.monotonic()
        while True:
            # A database that is away for a moment belongs to some trials.
            with suppress(Unavailable):
                if await self.state() is OrderState.DRAINED:
                    return
                now = await self.counts()
                if now != last:
                    last, moved = now, time.monotonic()
            if time.monotonic() - moved > stalled:
                raise SoakStuck(detail=f"nothing moves any more: {last}. {self.house.last_words()}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def sent_but_for_the_deferred(self) -> None:
        """Wait until nothing is queued or on the wire any more."""
        await self._none_in({MessageState.QUEUED, MessageState.SENDING})

    async def cancelled(self) -> None:
        """Wait until nothing of a cancelled order waits any more."""
        await self._none_in({MessageState.QUEUED, MessageState.SENDING, MessageState.DEFERRED})

    async def _none_in(self, states: set[MessageState]) -> None:
        deadline = time.monotonic() + LONGEST_S
        while (counts := await self.counts()).keys() & states:
            if time.monotonic() > deadline:
                raise SoakStuck(detail=f"messages are stuck: {counts}. {self.house.last_words()}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def books(self) -> Conservation:
        """Compare what was taken in with the counters and every row of the workspace."""
        async with self.house.services.db.trusted() as tx:
            return await ledger.conservation(tx, workspace_id=self.workspace_id)


async def new_workspace(house: House) -> int:
    async with house.services.db.trusted() as tx:
        return (await workspaces.create_workspace(tx, name=f"Soak {next(_numbers)}")).id


async def connect(
    house: House, workspace_id: int, port: int, *, security: str = "none", smtp_connections: int | None = None
) -> int:
    """Make a connection to a port of this machine and return its id."""
    async with house.services.db.trusted() as tx:
        return await bench_place.connect(
            tx,
            workspace_id=workspace_id,
            name=f"Peer {next(_numbers)}",
            settings={
                "host": "127.0.0.1",
                "port": port,
                "security": security,
                "verify_tls": "no",
                "connections": smtp_connections or SMTP_CONNECTIONS,
            },
            keys=house.services.keys,
        )


def people(number: int, *, prefix: str = "r") -> list[str]:
    """Return addresses that nobody else in this soak has."""
    start = next(_numbers)
    return [f"{prefix}{place}.{start}@soak.example" for place in range(number)]


async def send(
    house: House,
    workspace_id: int,
    connection_id: int,
    recipients: Sequence[str],
    *,
    policy: Policy = Policy.PREFER_NO_DUPLICATE,
    subject: str = CONTENT.subject,
) -> Order:
    """Open an order and take everybody in."""
    async with house.services.db.trusted() as tx:
        order_id = await bench_place.open_order(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            content=replace(CONTENT, subject=subject),
            policy=policy,
        )
    for start in range(0, len(recipients), CHUNK):
        async with house.services.db.trusted() as tx:
            await intake.accept(
                tx,
                workspace_id=workspace_id,
                order_id=order_id,
                recipients=[(None, address) for address in recipients[start : start + CHUNK]],
            )
    async with house.services.db.trusted() as tx:
        await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)
    return Order(house=house, workspace_id=workspace_id, id=order_id, recipients=recipients)
