"""What must happen beside the sending: heartbeats, recovery of dead engines' batches, due retries."""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from mailgenius.engine.dispatch import metrics
from mailgenius.engine.dispatch.hearing import hear_the_dead
from mailgenius.engine.dispatch.senders import Senders
from mailgenius.engine.dispatch.work import Work
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import ExpiredLease
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

HEARTBEATS = 4
"""How often a lease is renewed before it would run out."""
RECOVERY_S = 2.0
OUTAGE_S = 20.0
"""How much longer a lease is left alone after the database was away: who lives needs time to come back."""
REQUEUE_S = 1.0
UPKEEP_S = 30.0
CIRCUITS_S = 1.0
MAILBOXES_S = 1.0
AT_ONCE = 100
DUE_AT_ONCE = 5000
BATCHES_AT_ONCE = 10

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
        work: Work,
        boxes: Path | None,
    ) -> None:
        self._db = db
        self._engine = engine
        self._lease = lease
        self._shard = shard
        self._senders = senders
        self._work = work
        self._boxes = boxes
        self._suspects: dict[ExpiredLease, float] = {}
        self._outage_at = -math.inf

    async def run(self, ended: asyncio.Event) -> None:
        """Keep house until `ended`. Each duty has its own rhythm, so that a long one delays no heartbeat."""
        await asyncio.gather(
            self._every(self._lease.total_seconds() / HEARTBEATS, self.renew, ended),
            self._every(RECOVERY_S, self.recover, ended),
            self._every(REQUEUE_S, self.requeue, ended),
            self._every(UPKEEP_S, self.upkeep, ended),
            self._every(CIRCUITS_S, self._senders.look_at_circuits, ended),
            self._every(MAILBOXES_S, self.sort_mailboxes, ended),
        )

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]], ended: asyncio.Event) -> None:
        while not ended.is_set():
            with self._survived():
                await duty()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), seconds)

    @contextmanager
    def _survived(self) -> Iterator[None]:
        """Wait out a database that is away, and survive anything else: leases must go on being renewed."""
        try:
            yield
        except Unavailable as error:
            self._outage_at = time.monotonic()
            log.warning("the database is away", detail=error.message)
        except Exception:
            log.exception("upkeep failed")

    async def renew(self) -> None:
        """Tell that we live: prolong our leases, workspace by workspace. And see who else does."""
        async with self._db.trusted() as tx:
            self._work.others = await ledger.other_engines(tx, engine=self._engine)
        for workspace_id, claims in ledger.by_workspace(list(self._work.claims.values())):
            async with self._db.trusted() as tx:
                await ledger.renew(tx, workspace_id=workspace_id, claims=claims, lease=self._lease)

    async def recover(self) -> None:
        """Account for batches whose engine is gone or has not been heard of, each in its own transaction."""
        if self._boxes:
            # First: who left word leaves less in doubt.
            await hear_the_dead(
                self._db,
                folder=self._boxes,
                owner=f"{self._engine}/recovery",
                lease=self._lease,
                shard=self._shard,
                mailboxes=self._senders.mailboxes,
            )
        async with self._db.trusted() as tx:
            expired = await ledger.expired_leases(tx, lease=self._lease, limit=AT_ONCE)
        for seen in self._still_silent(expired):
            with self._survived():
                await self._recover_batch(seen)

    def _still_silent(self, expired: Sequence[ExpiredLease]) -> list[ExpiredLease]:
        """Return the expired leases that stayed unchanged for longer than a heartbeat, by our own watch.

        An engine that lives renews a lease that ran out while the database was away or its clock jumped.
        """
        now = time.monotonic()
        self._suspects = {seen: self._suspects.get(seen, now) for seen in expired}
        after_outage = now - self._outage_at < 2 * OUTAGE_S
        patience = OUTAGE_S if after_outage else self._lease.total_seconds() / (HEARTBEATS - 1)
        return [seen for seen, since in self._suspects.items() if now - since >= patience]

    async def _recover_batch(self, seen: ExpiredLease) -> None:
        async with self._db.trusted() as tx:
            found = await ledger.recover(
                tx, seen=seen, owner=f"{self._engine}/recovery", lease=self._lease, shard=self._shard
            )
        if found is None:
            return
        metrics.recovered(lost=found.lost, repeated=found.repeated)
        log.warning(
            "batch recovered from a dead engine",
            workspace=seen.workspace_id,
            order=seen.order_id,
            batch=seen.batch_id,
            in_window=found.lost,
            repeated=found.repeated,
        )

    async def requeue(self) -> None:
        """Queue messages whose next attempt is due, order by order, some batches of each."""
        async with self._db.trusted() as tx:
            due = await ledger.due_orders(tx, limit=DUE_AT_ONCE)
        for workspace_id, order_id in due:
            with self._survived():
                await self._requeue_order(workspace_id, order_id)

    async def _requeue_order(self, workspace_id: int, order_id: int) -> None:
        for _ in range(BATCHES_AT_ONCE):
            async with self._db.trusted() as tx:
                queued = await ledger.requeue_due(
                    tx, workspace_id=workspace_id, order_id=order_id, shard=self._shard
                )
            metrics.REQUEUED.inc(queued)
            if not queued:
                return

    async def sort_mailboxes(self) -> None:
        """Look up which groups of mailboxes the domains belong to that were new to our senders."""
        while await self._senders.mailboxes.learn():
            pass

    async def upkeep(self) -> None:
        """Close connections that nobody uses, and look whether a lane was forgotten or the clock set back."""
        await self._senders.close_idle()
        async with self._db.trusted() as tx:
            called_back = await ledger.call_back_batches(tx)
            woken = await ledger.wake_forgotten_lanes(tx)
        if woken:
            metrics.FORGOTTEN_LANES.inc(woken)
            log.warning("lanes slept over due work", lanes=woken)
        if called_back:
            log.warning("the clock was set back: batches dated ahead are claimable now", batches=called_back)
