"""One typed function for each statement of queries.sql. No decisions here."""

from dataclasses import dataclass
from datetime import datetime

from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One number, with the value of its label when it has one."""

    name: str
    label: str | None
    value: float


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


async def gauges(tx: Tx) -> list[Reading]:
    return await tx.all(Reading, _SQL["gauges"])


async def latest_checks(tx: Tx) -> list[Check]:
    return await tx.all(Check, _SQL["latest-checks"])


async def keep_check(tx: Tx, *, way: str, taken: int, difference: int, orders: int) -> Check:
    return await tx.one(Check, _SQL["keep-check"], way=way, taken=taken, difference=difference, orders=orders)
