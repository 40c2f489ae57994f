"""An act on many leads from where it stands to its end, by several hands, step by step.

What a hand does in a step is `stepping`. The area above that compiles segments runs acts on their members by
this too.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from mailgenius.kit.db.database import Database
from mailgenius.kit.db.errors import DatabaseBusy
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger
from mailgenius.product.leads import bulk
from mailgenius.product.leads.bulk_model import OPEN
from mailgenius.product.leads.errors import BulkActOver
from mailgenius.product.leads.service.bulk import fail_bulk
from mailgenius.product.leads.service.stepping import do_part, lay_out_part, may_help

HANDS = 2
"""Parts of an act that are dealt with at the same time, as with an import."""
REST_S = 1.0
"""How long the other hands rest before they look again whether sending needs the machine."""
TRIES, PAUSE_S = 5, 0.2
"""Somebody else may hold leads of a step: it is tried again at once, before the job gives its place up."""

log = logger(__name__)


class _Step(Protocol):
    def __call__(
        self, tx: Tx, *, workspace_id: int, act_id: int, members: Fragment | None
    ) -> Awaitable[bool]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """One run of an act."""

    db: Database
    workspace_id: int
    act_id: int
    members: Fragment | None

    async def go_on(self) -> None:
        """Work until the act is over, as it also is when somebody stopped it.

        Raises:
            DatabaseBusy: parts of it stay in the hands of another run, which may be dead.
        """
        for tried in range(TRIES):
            await self._with_all_hands()
            async with self.db.trusted() as tx:
                act = await bulk.get(tx, workspace_id=self.workspace_id, act_id=self.act_id)
                if act.state not in OPEN:
                    await bulk.forget_parts(tx, workspace_id=self.workspace_id, act_id=self.act_id)
                    return
            await asyncio.sleep(PAUSE_S * 2**tried)
        raise DatabaseBusy

    async def _with_all_hands(self) -> None:
        """Have all hands work until nothing is left for any of them."""
        over = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(HANDS - 1):
                    group.create_task(self._help(over))
                while await self._one_more():
                    pass
                over.set()
        except BaseExceptionGroup as group_error:
            # One error is as good as two: a hand that is torn away leaves its part to the next run.
            raise group_error.exceptions[0] from group_error

    async def _help(self, over: asyncio.Event) -> None:
        while not over.is_set():
            async with self.db.trusted() as tx:
                wanted = await may_help(tx)
            if not wanted:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REST_S):
                        await over.wait()
            elif not await self._one_more():
                return

    async def _one_more(self) -> bool:
        """Deal with a part that lies there, or lay one out; false when there is nothing to do but to wait."""
        return await self._tried(do_part) or await self._tried(lay_out_part)

    async def _tried(self, step: _Step) -> bool:
        for tried in range(TRIES):
            try:
                async with self.db.trusted() as tx:
                    return await step(
                        tx, workspace_id=self.workspace_id, act_id=self.act_id, members=self.members
                    )
            except BulkActOver:
                return False
            except DatabaseBusy:
                await asyncio.sleep(PAUSE_S * 2**tried)
        raise DatabaseBusy


async def go_on(db: Database, *, workspace_id: int, act_id: int, members: Fragment | None = None) -> None:
    """Go on with an act until it is over. A second run goes on where the first is, or finds it over.

    Two runs at once share the work. `members` is what the segment of the act's filter says, compiled.

    Raises:
        Unavailable: somebody held its leads, or the database is away: the job is to be tried again.
    """
    try:
        await _Work(db=db, workspace_id=workspace_id, act_id=act_id, members=members).go_on()
    except Unavailable:
        raise
    except Exception:
        # A defect would fail the same way each time: say so to the person who waits, instead of hanging.
        log.exception("act on leads failed", workspace_id=workspace_id, act_id=act_id)
        async with db.trusted() as tx:
            await fail_bulk(tx, workspace_id=workspace_id, act_id=act_id)
            await bulk.forget_parts(tx, workspace_id=workspace_id, act_id=act_id)
