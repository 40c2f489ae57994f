"""An act on many leads from where it stands to its end, step by step, each in a transaction of its own.

What a step does is `bulk`. The area above that compiles segments runs acts on their members by this too.
"""

import asyncio

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import DatabaseBusy
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger
from mailgenius.product.leads.service.bulk import bulk_step, fail_bulk

TRIES, PAUSE_S = 5, 0.2
"""Somebody else may hold leads of a step: it is tried again at once, before the job gives its place up."""

log = logger(__name__)


async def go_on(db: Database, *, workspace_id: int, act_id: int, members: Fragment | None = None) -> None:
    """Go on with an act until it is over. A second run goes on after the last step, or finds it over.

    Each step moves the bookmark along: two runs at once take turns. `members` is what the segment of the
    act's filter says, compiled.

    Raises:
        Unavailable: somebody held its leads, or the database is away: the job is to be tried again.
    """
    try:
        while await _step(db, workspace_id, act_id, members):
            pass
    except Unavailable:
        raise
    except Exception:
        # A defect would fail the same way each time: say so to the person who waits, instead of hanging.
        log.exception("act on leads failed", workspace_id=workspace_id, act_id=act_id)
        async with db.trusted() as tx:
            await fail_bulk(tx, workspace_id=workspace_id, act_id=act_id)


async def _step(db: Database, workspace_id: int, act_id: int, members: Fragment | None) -> bool:
    for tried in range(TRIES):
        try:
            async with db.trusted() as tx:
                return await bulk_step(tx, workspace_id=workspace_id, act_id=act_id, members=members)
        except DatabaseBusy:
            await asyncio.sleep(PAUSE_S * 2**tried)
    raise DatabaseBusy
