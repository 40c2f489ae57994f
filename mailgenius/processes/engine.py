"""The engine of one process: the delivery loop, wired to the parts that it only knows by their shape."""

import asyncio
from dataclasses import dataclass
from functools import partial

from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Connection, OpenConnection
from mailgenius.engine.dispatch.compose import Composer
from mailgenius.engine.dispatch.dispatcher import Dispatcher, Pump
from mailgenius.engine.sender_domains.signers import Signers
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.services import Services
from mailgenius.ops.engines import Heartbeat
from mailgenius.processes.collecting import collect_less
from mailgenius.product.leads import service as leads

BOXES = "engines"
"""Folder of the home where engines keep what must outlive them."""


@dataclass(frozen=True, slots=True)
class StoredConnections:
    """Connections as people set them up, opened with this installation's keys."""

    services: Services

    async def get(self, tx: Tx, *, workspace_id: int, connection_id: int) -> Connection:
        return await connections.get(tx, workspace_id=workspace_id, connection_id=connection_id)

    async def open(self, tx: Tx, *, workspace_id: int, connection_id: int) -> OpenConnection:
        settings = self.services.settings
        return await connections.adapter_for(
            tx,
            workspace_id=workspace_id,
            connection_id=connection_id,
            keys=self.services.keys,
            home=settings.home,
            allow_private_hosts=settings.smtp_private_hosts,
        )


async def run_engine(services: Services, stop: asyncio.Event) -> None:
    """Send messages until `stop` is set; then finish what is on the wire and give the rest back."""
    pump = Pump()
    dispatcher = Dispatcher(
        services.db,
        recipients=leads,
        make_composer=partial(Composer, base_url=services.settings.base_url, keys=services.keys),
        source=StoredConnections(services),
        signers=Signers(services.db, services.keys),
        pump=pump,
        boxes=services.settings.home / BOXES,
    )
    collect_less()
    ended = asyncio.Event()
    heartbeat = asyncio.create_task(Heartbeat(services.db, most_batches=pump.batches, stop=stop).run(ended))
    try:
        await dispatcher.run(stop)
    finally:
        ended.set()
        await heartbeat
