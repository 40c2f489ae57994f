"""Background jobs and schedules in PostgreSQL, by Procrastinate. Only this module knows that library.

A job is a name and an async function `(context, **args)`. Areas declare theirs in jobs.py with a `JobTable`;
processes.py gathers the tables into one `Jobs`, which writes jobs into transactions (`tx.enqueue`) and runs
the worker. A job may run twice: each says what a second run does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from procrastinate import exceptions, jobs as procrastinate_jobs
from psycopg import AsyncConnection

from mailgenius.kit.config import Settings
from mailgenius.kit.db.database import Database
from mailgenius.kit.events import Event
from mailgenius.kit.logs import logger
from mailgenius.kit.storage import Storage

STALLED_AFTER = timedelta(seconds=30)
"""A job whose worker has not been heard of for this long is run again."""

LONGEST_WAIT_S = 3600
"""A job that failed often waits an hour: what was away is noticed within it when it is back."""

log = logger(__name__)


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """What every job may use."""

    db: Database
    settings: Settings
    storage: Storage


Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A declared job."""

    name: str
    handler: Handler
    attempts: int
    cron: str
    listens_to: str


@dataclass(slots=True)
class JobTable:
    """The jobs of one area."""

    jobs: list[Job] = field(default_factory=list)

    def job(
        self, name: str, *, attempts: int = 8, cron: str = "", listens_to: type[Event] | None = None
    ) -> Callable[[Handler], Handler]:
        """Declare a job.

        Args:
            name: `area.verb`, stable: it is stored with waiting jobs.
            attempts: runs before the job is given up, with growing waits between them.
            cron: five fields, or six with seconds last; the job then also runs by itself, without arguments.
            listens_to: run for each published event of this type, with its fields as arguments.
        """

        def declare(handler: Handler) -> Handler:
            heard = listens_to.name if listens_to else ""
            self.jobs.append(Job(name=name, handler=handler, attempts=attempts, cron=cron, listens_to=heard))
            return handler

        return declare


class Jobs:
    """All jobs of the installation: writes them, and runs them when asked to."""

    def __init__(self, tables: Iterable[JobTable]) -> None:
        self._jobs = {job.name: job for table in tables for job in table.jobs}
        self._listeners: dict[str, list[str]] = {}
        for job in self._jobs.values():
            if job.listens_to:
                self._listeners.setdefault(job.listens_to, []).append(job.name)
        # This app only writes through connections that callers bring; its own connector is never opened.
        self._writer = procrastinate.App(connector=procrastinate.PsycopgConnector())

    def listeners(self, event: str) -> Sequence[str]:
        return self._listeners.get(event, ())

    async def enqueue(
        self,
        connection: AsyncConnection[Any],
        job: str,
        args: Mapping[str, Any],
        *,
        at: datetime | None,
        lock: str | None,
        once: str | None,
    ) -> None:
        """Write a job into the transaction of `connection`. See `Tx.enqueue`."""
        if job not in self._jobs:
            raise LookupError(f"No job is named {job}.")
        deferrer = self._writer.configure_task(
            job, schedule_at=at, lock=lock, queueing_lock=once, connection=connection
        )
        # A taken queueing lock raises inside the caller's transaction; the savepoint keeps that usable.
        try:
            async with connection.transaction():
                await deferrer.defer_async(**args)
        except exceptions.AlreadyEnqueued:
            return

    async def work(self, context: JobContext, *, concurrency: int, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set, then finish those under way."""
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=context.db.url, min_size=1, max_size=4)
        )
        for job in self._jobs.values():
            _register(app, job, context)
        _register(app, _REVIVE, context)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=2.0,
                    shutdown_graceful_timeout=25,
                )
            )
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
            worker.cancel()
            stopping.cancel()
            results = await asyncio.gather(worker, return_exceptions=True)
            if isinstance(results[0], Exception):
                raise results[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowingWaits(procrastinate.BaseRetryStrategy):
    """When a job that failed runs again: after 4 s, 10 s, 28 s, …, an hour, and not for ever."""

    attempts: int

    def seconds(self, attempts: int) -> int | None:
        """Return how long a job waits that was tried so often before; None when it is given up."""
        return min(1 + 3 ** (attempts + 1), LONGEST_WAIT_S) if attempts < self.attempts else None

    def get_retry_decision(
        self,
        *,
        exception: BaseException,  # noqa: ARG002  # The library's interface.
        job: procrastinate_jobs.Job,
    ) -> procrastinate.RetryDecision | None:
        wait = self.seconds(job.attempts)
        return None if wait is None else procrastinate.RetryDecision(retry_in={"seconds": wait})


def _register(app: procrastinate.App, job: Job, context: JobContext) -> None:
    async def run(job_context: procrastinate.JobContext, /, **args: Any) -> None:
        args.pop("timestamp", None)  # Periodic jobs are handed their schedule time, which ours do not need.
        try:
            await job.handler(job_context.app if job is _REVIVE else context, **args)
        except Exception:
            log.exception("job failed", job=job.name, **args)
            raise

    retry = GrowingWaits(attempts=job.attempts)
    task = app.task(name=job.name, pass_context=True, retry=retry)(run)
    if job.cron:
        app.periodic(cron=job.cron)(task)  # type: ignore[arg-type]  # The schedule time is dropped in run.


async def _revive(app: procrastinate.App) -> None:
    """Put jobs of dead workers back into the queue. A second run finds nothing left to do."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER.total_seconds())
    for job in stalled:
        await app.job_manager.retry_job(job)
        log.warning("job revived after its worker died", job=job.task_name, id=job.id)


_REVIVE = Job(
    name="kit.revive_stalled_jobs", handler=_revive, attempts=1, cron="* * * * * */15", listens_to=""
)
