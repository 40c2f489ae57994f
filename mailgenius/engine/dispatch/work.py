"""What an engine has under way: its claims, its shards of the counters, the lanes it leaves out for now."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from mailgenius.engine.dispatch.batch_run import BatchRun
from mailgenius.engine.ledger.model import Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Pump:
    """How an engine shares its time."""

    batches: int = 24
    """Batches worked on at the same time. Most of them wait for a provider or for their pace."""
    batches_of_connection: int = 3
    """Of them, through one connection: enough to settle one while others are being sent."""
    urgent: int = 4
    """Batches beyond both limits for messages that somebody waits for: they never queue behind campaigns."""
    lease: timedelta = timedelta(seconds=12)
    """After this long without a heartbeat an engine is taken for dead."""
    idle_s: float = 0.25
    """How long to rest when there is no work."""
    drain_s: float = 20.0
    """How long open windows may take after a stop; what is not answered then is left to recovery."""


MOST_IN_WINDOWS = 400
"""So many messages of an order may be in open windows of all engines, and still leave when it is halted."""
CAREFUL = 4
"""By so much shorter are windows where addresses are dead: a few more open while the order is looked at."""


@dataclass(slots=True)
class Work:
    """The batches under way and the lanes we cannot serve for now."""

    claims: dict[asyncio.Task[None], Claim] = field(default_factory=dict)
    runs: dict[asyncio.Task[None], BatchRun] = field(default_factory=dict)
    shards: list[int] = field(default_factory=list)
    skip: dict[tuple[int, str, int], float] = field(default_factory=dict)
    others: int = 0
    """Other engines that have batches under way, as last seen."""

    def longest_window(self, order: tuple[int, int], *, careful: bool) -> int:
        """Return how many messages a window of an order (workspace, id) may hold, for the sake of a halt."""
        ours = sum((claim.workspace_id, claim.order_id) == order for claim in self.claims.values())
        most = MOST_IN_WINDOWS // CAREFUL if careful else MOST_IN_WINDOWS
        return max(1, most // (max(ours, 1) * (self.others + 1)))

    def running(self) -> Counter[tuple[int, int]]:
        """Return how many batches each connection has under way.

        Those that keep to the pace of mailboxes do not count: they leave most of a connection to others.
        """
        return Counter(
            (claim.workspace_id, claim.connection_id)
            for task, claim in self.claims.items()
            if not (task in self.runs and self.runs[task].patient)
        )

    def busy(self, most: int) -> set[tuple[int, int]]:
        """Return connections that have as many batches under way as they may."""
        return {key for key, count in self.running().items() if count >= most}

    def skipped(self) -> set[tuple[int, str, int]]:
        now = time.monotonic()
        self.skip = {key: until for key, until in self.skip.items() if until > now}
        return set(self.skip)
