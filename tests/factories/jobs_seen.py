"""What was enqueued, for tests that look instead of run."""

from typing import Any

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query

WAITING = Query(
    "jobs", "By name.", "SELECT args FROM procrastinate_jobs WHERE task_name = %(name)s ORDER BY id"
)


async def waiting_jobs(db: Database, name: str) -> list[dict[str, Any]]:
    """Arguments of the jobs of this name, oldest first."""
    async with db.trusted() as tx:
        return [row[0] for row in await tx.rows(WAITING, name=name)]
