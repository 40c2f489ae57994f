"""One typed function for each statement of queries.sql. No decisions here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx, json_value
from mailgenius.ops.model import Deferred, Engine, Figures, JobFigures, Lately, Queue, Sample

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What one way to check the books found last."""

    way: str
    checked_at: datetime
    taken: int
    difference: int
    orders: int


async def applied_migrations(tx: Tx) -> set[str]:
    return {row[0] for row in await tx.rows(_SQL["applied-migrations"])}


async def secret_key_mark(tx: Tx) -> bytes | None:
    mark: bytes | None = await tx.value(_SQL["secret-key-mark"])
    return mark


async def leave_secret_key_mark(tx: Tx, *, mark: bytes) -> None:
    await tx.execute(_SQL["leave-secret-key-mark"], mark=mark)


async def renew_secret_key_mark(tx: Tx, *, mark: bytes) -> None:
    await tx.execute(_SQL["renew-secret-key-mark"], mark=mark)


async def rewritten_leads(tx: Tx) -> int:
    return int(await tx.value(_SQL["rewritten-leads"]))


async def gauges(tx: Tx) -> list[Sample]:
    return await tx.all(Sample, _SQL["gauges"])


async def latest_checks(tx: Tx) -> list[Check]:
    return await tx.all(Check, _SQL["latest-checks"])


async def keep_check(tx: Tx, *, way: str, taken: int, difference: int, orders: int) -> Check:
    return await tx.one(Check, _SQL["keep-check"], way=way, taken=taken, difference=difference, orders=orders)


async def beat(tx: Tx, *, engine_id: str, figures: Figures, samples: Sequence[Sample]) -> bool:
    """Tell how an engine is; False when nobody knows it, or no longer."""
    told = await tx.execute(_SQL["beat"], id=engine_id, samples=json_value(samples), **asdict(figures))
    return told > 0


async def add_engine(
    tx: Tx,
    *,
    engine_id: str,
    host: str,
    pid: int,
    started_at: datetime,
    figures: Figures,
    samples: Sequence[Sample],
) -> None:
    await tx.execute(
        _SQL["add-engine"],
        id=engine_id,
        host=host,
        pid=pid,
        started_at=started_at,
        samples=json_value(samples),
        **asdict(figures),
    )


async def retire_engines(tx: Tx, *, engine_id: str, unseen: timedelta) -> None:
    await tx.execute(_SQL["retire-engines"], id=engine_id, unseen=unseen)


async def engines_alive(tx: Tx, *, unseen: timedelta) -> list[Engine]:
    return await tx.all(Engine, _SQL["engines-alive"], unseen=unseen)


async def engine_samples(tx: Tx) -> list[Sample]:
    return await tx.all(Sample, _SQL["engine-samples"])


async def waiting_batches(tx: Tx, *, limit: int) -> int:
    return int(await tx.value(_SQL["waiting-batches"], limit=limit))


async def queues(tx: Tx, *, workspace_id: int | None) -> list[Queue]:
    return await tx.all(Queue, _SQL["queues"], workspace_id=workspace_id)


async def lately(tx: Tx, *, workspace_id: int | None, lately: timedelta) -> Lately:
    return await tx.one(Lately, _SQL["lately"], workspace_id=workspace_id, lately=lately)


async def deferred_by_reason(tx: Tx, *, workspace_id: int | None, limit: int) -> list[Deferred]:
    return await tx.all(Deferred, _SQL["deferred-by-reason"], workspace_id=workspace_id, limit=limit)


async def jobs(tx: Tx) -> JobFigures:
    return await tx.one(JobFigures, _SQL["jobs"])


async def uploads_in_use(tx: Tx, *, keys: Sequence[str]) -> set[str]:
    return {row[0] for row in await tx.rows(_SQL["uploads-in-use"], keys=list(keys))}
