"""The conservation law, checked: taken in = the sum of all states. The last results are kept to be shown.

Two ways. By the counters, every minute: cheap, of the orders under way and those ended lately. By the rows,
at night and on demand: every message is read. What must balance is said by the ledger.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailgenius.engine.ledger import service as ledger
from mailgenius.kit import clock
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.jobs import Jobs
from mailgenius.kit.logs import logger
from mailgenius.ops import queries
from mailgenius.ops.queries import Check

OVERDUE = timedelta(minutes=10)

log = logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """What the checks found last. Anything but zeros is a defect of ours."""

    checked_at: datetime
    taken: int
    """Messages taken in by the orders that were looked at."""
    counted_difference: int
    """By how many messages the books differ, over all these orders."""
    orders_out_of_balance: int

    @property
    def overdue(self) -> bool:
        """Whether the check of each minute stays away."""
        return clock.now() - self.checked_at > OVERDUE


async def latest(tx: Tx) -> Books | None:
    """Return the last result; None before the first check. Wants a trusted transaction.

    What the nightly count of rows found wrong stands until the next count, whatever the counters say since.
    """
    checks = await queries.latest_checks(tx)
    if not checks:
        return None
    newest = max(checks, key=lambda check: check.checked_at)
    return Books(
        checked_at=newest.checked_at,
        taken=newest.taken,
        counted_difference=max(check.difference for check in checks),
        orders_out_of_balance=max(check.orders for check in checks),
    )


async def check_counters(tx: Tx) -> Books:
    """Compare what was taken in with the kept counters, and keep the result. A second run looks anew."""
    found = await ledger.open_books(tx)
    return await _keep(
        tx, way="counters", taken=found.taken, difference=found.difference, orders=found.orders
    )


async def check_rows(tx: Tx) -> Books:
    """Compare what was taken in with the counters and every row, and keep the result: for quiet hours."""
    found = await ledger.conservation(tx, workspace_id=None)
    for item in found.imbalances:
        log.error(
            "the books do not balance",
            workspace=item.workspace_id,
            order=item.order_id,
            what=item.what,
            expected=item.expected,
            found=item.found,
        )
    # A message that is gone is missed twice: by its order, and by the counter of its state.
    worst: dict[tuple[int, int], int] = {}
    for item in found.imbalances:
        order = item.workspace_id, item.order_id
        worst[order] = max(worst.get(order, 0), abs(item.expected - item.found))
    return await _keep(tx, way="rows", taken=found.taken, difference=sum(worst.values()), orders=len(worst))


async def count_rows(url: str) -> Books:
    """Check by the rows on a database that the caller only knows by its URL."""
    async with Database(url, Jobs([]), max_size=1) as db, db.trusted() as tx:
        return await check_rows(tx)


async def _keep(tx: Tx, *, way: str, taken: int, difference: int, orders: int) -> Books:
    if difference or orders:
        log.error("the books do not balance", way=way, difference=difference, orders=orders)
    kept: Check = await queries.keep_check(tx, way=way, taken=taken, difference=difference, orders=orders)
    return Books(
        checked_at=kept.checked_at,
        taken=kept.taken,
        counted_difference=kept.difference,
        orders_out_of_balance=kept.orders,
    )
