"""Is this installation ready for work? One answer for people and for probes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import DatabaseBusy
from mailgenius.kit.db.migrations import find_migrations
from mailgenius.kit.errors import MailGeniusError
from mailgenius.ops import queries

PATIENCE = timedelta(seconds=3)
"""A probe that waits longer than this has its answer: no."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that must hold, and in words how it stands."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    checks: Sequence[Check]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


async def readiness(db: Database) -> Readiness:
    """Say whether the database answers and is of this release. Never raises for trouble: it tells it."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()), db.trusted(limit=PATIENCE) as tx:
            applied = await queries.applied_migrations(tx)
    except (TimeoutError, MailGeniusError) as error:
        cause = error if isinstance(error, MailGeniusError) else DatabaseBusy()
        return Readiness(checks=[Check(name="database", ok=False, detail=cause.message)])
    return Readiness(
        checks=[Check(name="database", ok=True, detail="The database answers."), _migrations(applied)]
    )


def _migrations(applied: set[str]) -> Check:
    missing = [migration.name for migration in find_migrations() if migration.name not in applied]
    if missing:
        return Check(name="migrations", ok=False, detail=f"Not applied yet: {', '.join(missing)}.")
    return Check(name="migrations", ok=True, detail="The database is of this release.")
