"""What must happen beside the sending: heartbeats, recovery of dead engines' batches, due retries."""

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

from mailgenius.engine.dispatch import metrics
from mailgenius.engine.dispatch.senders import Senders
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Claim
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

TICK_S = 1.0
HEARTBEAT_TICKS = 5
RECOVERY_TICKS = 2
UPKEEP_TICKS = 30
AT_ONCE = 100
DUE_AT_ONCE = 5000

log = logger(__name__)


class Keeper:
    """Runs beside the loop in every engine. Several engines' keepers do not disturb each other."""

    def __init__(
        self,
        db: Database,
        *,
        engine: str,
        lease: timedelta,
        shard: int,
        senders: Senders,
        claims: Callable[[], Collection[Claim]],
    ) -> None:
        self._db = db
        self._engine = engine
        self._lease = lease
        self._shard = shard
        self._senders = senders
        self._claims = claims

    async def run(self, ended: asyncio.Event) -> None:
        """Tick until `ended`. A database that is away is waited for; anything else is logged and survived."""
        tick = 0
        while not ended.is_set():
            try:
                await self._tick(tick)
            except Unavailable as error:
                log.warning("the database is away", detail=error.message)
            except Exception:
                # Leases must be renewed whatever else fails, so the keeper never ends by an error.
                log.exception("upkeep failed")
            tick += 1
            try:
                async with asyncio.timeout(TICK_S):
                    await ended.wait()
            except TimeoutError:
                continue

    async def _tick(self, tick: int) -> None:
        if tick % HEARTBEAT_TICKS == 0:
            await self.renew()
        if tick % RECOVERY_TICKS == 0:
            await self.recover()
        await self.requeue()
        if tick % UPKEEP_TICKS == 0:
            await self._senders.close_idle()
            await self._wake_forgotten()

    async def renew(self) -> None:
        """Tell that we live: prolong our leases, workspace by workspace."""
        for workspace_id, claims in ledger.by_workspace(self._claims()):
            async with self._db.trusted() as tx:
                await ledger.renew(tx, workspace_id=workspace_id, claims=claims, lease=self._lease)

    async def recover(self) -> None:
        """Account for batches whose engine has not been heard of, each in its own transaction."""
        async with self._db.trusted() as tx:
            expired = await ledger.expired_leases(tx, limit=AT_ONCE)
        for workspace_id, batch_id, order_id in expired:
            async with self._db.trusted() as tx:
                found = await ledger.recover(
                    tx,
                    workspace_id=workspace_id,
                    order_id=order_id,
                    batch_id=batch_id,
                    owner=f"{self._engine}/recovery",
                    lease=self._lease,
                    shard=self._shard,
                )
            if found is None:
                continue
            metrics.RECOVERED.labels("repeated" if found.repeated else "unknown").inc(found.lost)
            log.warning(
                "batch recovered from a dead engine",
                workspace=workspace_id,
                order=order_id,
                batch=batch_id,
                in_window=found.lost,
                repeated=found.repeated,
            )

    async def requeue(self) -> None:
        """Queue messages whose next attempt is due, order by order."""
        async with self._db.trusted() as tx:
            due = await ledger.due_orders(tx, limit=DUE_AT_ONCE)
        for workspace_id, order_id in due:
            async with self._db.trusted() as tx:
                queued = await ledger.requeue_due(
                    tx, workspace_id=workspace_id, order_id=order_id, shard=self._shard
                )
            metrics.REQUEUED.inc(queued)

    async def _wake_forgotten(self) -> None:
        async with self._db.trusted() as tx:
            woken = await ledger.wake_forgotten_lanes(tx)
        if woken:
            metrics.FORGOTTEN_LANES.inc(woken)
            log.warning("lanes slept over due work", lanes=woken)
