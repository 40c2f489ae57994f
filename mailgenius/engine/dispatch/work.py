"""What an engine has under way: its claims, its shards of the counters, the lanes it leaves out for now."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from mailgenius.engine.dispatch.batch_run import BatchRun
from mailgenius.engine.ledger.model import Claim


@dataclass(slots=True)
class Work:
    """The batches under way and the lanes we cannot serve for now."""

    claims: dict[asyncio.Task[None], Claim] = field(default_factory=dict)
    runs: dict[asyncio.Task[None], BatchRun] = field(default_factory=dict)
    shards: list[int] = field(default_factory=list)
    skip: dict[tuple[int, str, int], float] = field(default_factory=dict)

    def busy(self, most: int) -> set[tuple[int, int]]:
        """Return connections that have as many batches under way as they may.

        Those that keep to the pace of mailboxes do not count: they leave most of a connection to others.
        """
        running = Counter(
            (claim.workspace_id, claim.connection_id)
            for task, claim in self.claims.items()
            if not (task in self.runs and self.runs[task].patient)
        )
        return {key for key, count in running.items() if count >= most}

    def skipped(self) -> set[tuple[int, str, int]]:
        now = time.monotonic()
        self.skip = {key: until for key, until in self.skip.items() if until > now}
        return set(self.skip)
