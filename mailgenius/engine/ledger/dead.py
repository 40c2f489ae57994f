"""The ledger's statements about dead letters, one typed function each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from mailgenius.engine.ledger.model import DEAD
from mailgenius.kit.db.queries import load_queries
from mailgenius.kit.db.transaction import Tx

_SQL = load_queries(__file__)
NEWEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadFilter:
    """Which dead letters are meant. None and empty mean any."""

    state: str | None = None
    code: str | None = None
    campaign_id: int | None = None
    reason: str = ""
    """A part of the provider's words."""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """A message that came to an end without success, and the attempt that ended it."""

    id: int
    """The message's."""
    attempt: int
    state: str
    code: str
    reason: str
    at: datetime
    lead_id: int | None
    address: str
    order_id: int
    source: str
    source_id: int | None
    channel: str
    campaign_name: str
    cancelled: bool
    """Its order was cancelled: it cannot be replayed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadCount:
    state: str
    code: str
    n: int


async def dead_letters(
    tx: Tx,
    *,
    workspace_id: int,
    wanted: DeadFilter,
    message_id: int | None = None,
    before_id: int = NEWEST,
    limit: int,
) -> list[DeadLetter]:
    return await tx.all(
        DeadLetter,
        _SQL["dead-letters"],
        workspace_id=workspace_id,
        message_id=message_id,
        before_id=before_id,
        limit=limit,
        **_parameters(wanted),
    )


async def next_dead(
    tx: Tx, *, workspace_id: int, wanted: DeadFilter, after_id: int, limit: int
) -> list[tuple[int, int]]:
    """Return (message, order) of each, the oldest first."""
    rows = await tx.rows(
        _SQL["next-dead-letters"],
        workspace_id=workspace_id,
        after_id=after_id,
        limit=limit,
        **_parameters(wanted),
    )
    return [(row[0], row[1]) for row in rows]


async def count_dead(tx: Tx, *, workspace_id: int, most: int) -> list[DeadCount]:
    return await tx.all(DeadCount, _SQL["count-dead-letters"], workspace_id=workspace_id, most=most)


async def orders_of(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (message, order) of each that exists."""
    rows = await tx.rows(_SQL["orders-of-messages"], workspace_id=workspace_id, message_ids=list(message_ids))
    return [(row[0], row[1]) for row in rows]


async def reopen_order(tx: Tx, *, workspace_id: int, order_id: int) -> None:
    await tx.execute(_SQL["reopen-order"], workspace_id=workspace_id, order_id=order_id)


async def replay(
    tx: Tx, *, workspace_id: int, order_id: int, batch_state: str, message_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """Return (message, attempt) of each that was queued again."""
    rows = await tx.rows(
        _SQL["replay-messages"],
        workspace_id=workspace_id,
        order_id=order_id,
        batch_state=batch_state,
        message_ids=list(message_ids),
        dead=list(DEAD),
    )
    return [(row[0], row[1]) for row in rows]


async def discard(tx: Tx, *, workspace_id: int, message_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (message, attempt) of each that left the list."""
    rows = await tx.rows(_SQL["discard-messages"], workspace_id=workspace_id, message_ids=list(message_ids))
    return [(row[0], row[1]) for row in rows]


def _parameters(wanted: DeadFilter) -> dict[str, object]:
    parameters = asdict(wanted)
    parameters["source_id"] = parameters.pop("campaign_id")
    return parameters
