"""How the sending goes right now: queues, engines, trouble. Of one workspace, or of the whole installation.

Everything is read from counters, batches and small tables: it costs the same with ten million messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.engine.connections import service as connections
from mailgenius.engine.connections.model import Circuit
from mailgenius.kit.db.transaction import Tx
from mailgenius.ops import conservation, engines, queries
from mailgenius.ops.conservation import Books
from mailgenius.ops.model import Deferred, Engine, JobFigures, Queue

LATELY = timedelta(days=7)
STARTED = timedelta(minutes=2)
"""After this time the first check of an installation that was started has been made."""
MOST_DEFERRED = 5_000
"""How many waiting messages are asked for their reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """How the sending of a workspace goes, or of all."""

    queues: Sequence[Queue]
    deferred: Sequence[Deferred]
    """By reason, of MOST_DEFERRED messages at most; the queues have the whole number."""
    circuits: Sequence[Circuit]
    """Connections that do not work at the moment."""
    unknown: int
    """Messages without an answer, of the last days."""
    sent_this_hour: int
    engines_alive: int

    @property
    def queued(self) -> int:
        return sum(queue.queued for queue in self.queues)

    @property
    def waiting_for_another_attempt(self) -> int:
        return sum(queue.deferred for queue in self.queues)

    @property
    def oldest_seconds(self) -> float:
        return max((queue.oldest_seconds for queue in self.queues), default=0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What belongs to the installation and to no workspace."""

    engines: Sequence[Engine]
    jobs: JobFigures
    books: Books | None
    """The conservation law, checked; None before the first check."""

    @property
    def rate(self) -> float:
        """Messages that all engines settle a second."""
        return sum(engine.rate for engine in self.engines)

    @property
    def jobs_undone(self) -> bool:
        """Whether nobody does background jobs: the check of each minute stays away, and not after a start."""
        begun = any(engine.seen_at - engine.started_at > STARTED for engine in self.engines)
        return begun and self.books is not None and self.books.overdue


async def sending(tx: Tx, *, workspace_id: int | None) -> Sending:
    """Look at the sending of one workspace; None: of all. Wants a trusted transaction."""
    lately = await queries.lately(tx, workspace_id=workspace_id, lately=LATELY)
    return Sending(
        queues=await queries.queues(tx, workspace_id=workspace_id),
        deferred=await queries.deferred_by_reason(tx, workspace_id=workspace_id, limit=MOST_DEFERRED),
        circuits=await connections.circuits(tx, workspace_id=workspace_id),
        unknown=lately.unknown,
        sent_this_hour=lately.sent_this_hour,
        engines_alive=len(await engines.alive(tx)),
    )


async def house(tx: Tx) -> House:
    """Look at the engines, the jobs and the books. Wants a trusted transaction."""
    return House(
        engines=await engines.alive(tx),
        jobs=await queries.jobs(tx),
        books=await conservation.latest(tx),
    )
