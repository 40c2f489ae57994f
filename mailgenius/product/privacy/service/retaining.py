"""How long a workspace keeps what: the rules, what they would do, and doing it in small steps."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from mailgenius.engine.ledger import erasing as ledger
from mailgenius.engine.tracking import service as tracking
from mailgenius.kit import clock
from mailgenius.kit.audit import service as audit
from mailgenius.kit.audit.model import changes
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.product.exports import service as exports
from mailgenius.product.imports import service as imports
from mailgenius.product.privacy import queries
from mailgenius.product.privacy.errors import RulesUnclear
from mailgenius.product.privacy.model import Retention
from mailgenius.product.privacy.service.erasing import remove_leads

ROWS_AT_ONCE = 5_000
LEADS_AT_ONCE = 500
COUNTED_TO = 100_000
MONTH = timedelta(days=365.25 / 12)
LIMITS = {
    "tracking_months": 120,
    "data_days": 3650,
    "attempts_days": 3650,
    "files_days": 3650,
    "inactive_months": 120,
}


async def rules(tx: Tx, *, workspace_id: int) -> Retention:
    """Return how long a workspace keeps what; as long as nobody chose, the usual."""
    return await queries.get_rules(tx, workspace_id=workspace_id) or Retention()


async def set_rules(tx: Tx, *, workspace_id: int, rules: Retention) -> Retention:
    """Change how long a workspace keeps what. It is done the next night.

    Raises:
        RulesUnclear: a number is out of its range, or a rule would make another forget what it looks at.
    """
    problems = [
        Problem(name, f"must be between 1 and {limit}")
        for name, limit in LIMITS.items()
        if (value := getattr(rules, name)) is not None and not 1 <= value <= limit
    ]
    if rules.inactive_months and rules.tracking_months and rules.tracking_months < rules.inactive_months:
        problems.append(
            Problem("tracking_months", "must not be shorter than the time after which leads are removed")
        )
    if problems:
        raise RulesUnclear(problems=problems)
    before = await queries.get_rules(tx, workspace_id=workspace_id) or Retention()
    await queries.set_rules(tx, workspace_id=workspace_id, rules=rules)
    await audit.note(
        tx,
        workspace_id=workspace_id,
        action="retention.changed",
        details=changes(before, rules, *Retention.__struct_fields__),
    )
    return rules


async def count_inactive(tx: Tx, *, workspace_id: int, months: int) -> tuple[int, bool]:
    """Return how many leads would be removed today, and whether there are more than are counted."""
    found = await queries.count_inactive(
        tx, workspace_id=workspace_id, before=clock.now() - months * MONTH, limit=COUNTED_TO + 1
    )
    return min(found, COUNTED_TO), found > COUNTED_TO


async def workspaces_with_rules(tx: Tx) -> list[int]:
    """Return the workspaces that chose how long to keep what. Needs a trusted transaction."""
    return await queries.workspaces_with_rules(tx)


async def keep_rules(db: Database, *, workspace_id: int) -> dict[str, int]:
    """Forget what a workspace no longer wants to keep; return how much, by kind.

    Each step is a transaction of its own. A second run, also one beside this one, finds less.
    """
    async with db.trusted() as tx:
        chosen = await rules(tx, workspace_id=workspace_id)
    now = clock.now()
    done: dict[str, int] = {}
    if chosen.files_days is not None:
        before = now - timedelta(days=chosen.files_days)
        async with db.trusted() as tx:
            done["files"] = await exports.expire_old_files(tx, workspace_id=workspace_id, before=before)
        done["rejected_rows"] = await _repeat(db, imports.forget_old_rejects, workspace_id, before)
    if chosen.tracking_months is not None:
        before = now - chosen.tracking_months * MONTH
        done["events"] = await _repeat(db, tracking.forget_events, workspace_id, before)
    if chosen.attempts_days is not None:
        before = now - timedelta(days=chosen.attempts_days)
        done["answers"] = await _forget_answers(db, workspace_id, before)
    if chosen.inactive_months is not None:
        done["leads"] = await _remove_inactive(db, workspace_id, now - chosen.inactive_months * MONTH)
    return {kind: number for kind, number in done.items() if number}


async def _repeat(
    db: Database, step: Callable[..., Awaitable[int]], workspace_id: int, before: datetime
) -> int:
    """Do a step until it finds nothing more, each time in a transaction of its own."""
    total = 0
    while True:
        async with db.trusted() as tx:
            done = await step(tx, workspace_id=workspace_id, before=before, limit=ROWS_AT_ONCE)
        if not done:
            return total
        total += done


async def _forget_answers(db: Database, workspace_id: int, before: datetime) -> int:
    total, after_id = 0, 0
    while True:
        async with db.trusted() as tx:
            swept = await ledger.forget_answers(
                tx, workspace_id=workspace_id, after_id=after_id, before=before, limit=ROWS_AT_ONCE
            )
        if swept.last_id is None:
            return total
        total, after_id = total + swept.forgotten, swept.last_id


async def _remove_inactive(db: Database, workspace_id: int, before: datetime) -> int:
    """Remove leads of whom nothing was heard, with their history; what was sent to them stays as counts.

    They asked for nothing, so no hash holds them back: who comes again is welcome.
    """
    total = 0
    while True:
        async with db.trusted() as tx:
            lead_ids = await queries.inactive_leads(
                tx, workspace_id=workspace_id, before=before, limit=LEADS_AT_ONCE
            )
            if lead_ids:
                await remove_leads(tx, workspace_id=workspace_id, lead_ids=lead_ids, addresses=[])
        if not lead_ids:
            break
        total += len(lead_ids)
    if total:
        async with db.trusted() as tx:
            await audit.note(
                tx, workspace_id=workspace_id, action="retention.leads_removed", details={"count": total}
            )
    return total
