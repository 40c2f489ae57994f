"""Hearing the dead: what black boxes that were left behind on this machine mean for the ledger.

An engine that was killed need not be waited for until its leases run out, and of its windows only what was
handed over without an answer is doubtful.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

from mailgenius.engine.dispatch import metrics
from mailgenius.engine.dispatch.blackbox import Testimony, boxes, left_behind
from mailgenius.engine.dispatch.health import Health
from mailgenius.engine.dispatch.lessons import hold_if_unhealthy, tell
from mailgenius.engine.dispatch.outcomes import Outcomes
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Order
from mailgenius.engine.pacing.groups import Mailboxes
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.logs import logger

log = logger(__name__)


async def hear_the_dead(
    db: Database, *, folder: Path, owner: str, lease: timedelta, shard: int, mailboxes: Mailboxes
) -> None:
    """Account for the batches of engines of this machine that are gone, one after the other.

    Raises:
        Unavailable: the database is away. The box stays for the next look.
    """
    for path in await asyncio.to_thread(boxes, folder):
        try:
            with left_behind(path) as said:
                if said is not None:
                    await _heard(db, said, owner=owner, lease=lease, shard=shard, mailboxes=mailboxes)
        except OSError as error:
            # Such as one of another account, or on a disk that fails.
            log.warning("a black box cannot be read", box=path.name, detail=str(error))


async def _heard(
    db: Database, said: Testimony, *, owner: str, lease: timedelta, shard: int, mailboxes: Mailboxes
) -> None:
    try:
        await _account_for(db, said, owner=owner, lease=lease, shard=shard, mailboxes=mailboxes)
    except Unavailable:
        raise
    except Exception:
        # Its lease will run out, and then the whole window is in doubt: no box may stop the others.
        log.exception("a black box was of no use", batch=said.claim.batch_id)


async def _account_for(
    db: Database, said: Testimony, *, owner: str, lease: timedelta, shard: int, mailboxes: Mailboxes
) -> None:
    claim = said.claim
    async with db.trusted() as tx:
        order = await ledger.get_order(tx, workspace_id=claim.workspace_id, order_id=claim.order_id)
        done = _judged(said, order)
        told = ledger.Told(
            claim=claim,
            first_id=said.messages[0].id if said.messages else 0,
            last_id=said.messages[-1].id if said.messages else 0,
            settlements=done.settlements,
            unanswered=[number for number in said.begun if number not in said.results],
        )
        found = await ledger.recover_told(tx, told=told, owner=owner, lease=lease, shard=shard)
        if found is None:
            return
        await tell(tx, claim=claim, order=order, done=done, mailboxes=mailboxes, warming=False)
    if done.bounces:
        await hold_if_unhealthy(db, claim=claim)
    metrics.recovered(lost=found.lost, repeated=found.repeated, answered=len(done.settlements))
    log.warning(
        "batch of a dead engine recovered by its black box",
        workspace=claim.workspace_id,
        order=claim.order_id,
        batch=claim.batch_id,
        answered=len(done.settlements),
        unanswered=found.lost,
        repeated=found.repeated,
    )


def _judged(said: Testimony, order: Order) -> Outcomes:
    """Judge the answers that the dead engine had no time to write down."""
    done = Outcomes()
    results = said.results
    answered = [(each, results[each.id]) for each in said.messages if each.id in results]
    done.heed(answered)
    done.judge(answered, order=order, deduplicates=said.deduplicates, health=Health())
    return done
