"""The rules of the ledger: statements are written as they are said, and read by lead.

What a withdrawal does to sending, and which leads an address has, is the business of leads.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from mailgenius.channels.contract import Channel
from mailgenius.kit import clock
from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Problem
from mailgenius.kit.paging import Page, checked_limit, decode_cursor, page_of
from mailgenius.kit.visitors import known_ip
from mailgenius.kit.words import one_line
from mailgenius.product.consents import queries
from mailgenius.product.consents.errors import ConsentUnclear
from mailgenius.product.consents.model import ConsentEntry, ConsentState, Statement, Way

NEWEST = 2**63 - 1
LONGEST_SOURCE = 300
LONGEST_VERSION = 100
AHEAD = timedelta(minutes=10)
"""How far the clocks of others may run before ours."""


async def record(tx: Tx, *, workspace_id: int, statements: Sequence[Statement]) -> int:
    """Write statements down and return how many states changed by them. The same ones again change nothing.

    Raises:
        ConsentUnclear: a channel, an address or a time is wrong.
    """
    clean = sorted((_clean(each) for each in statements), key=lambda each: each.way)
    changed = 0
    for way, group in groupby(clean, key=lambda each: each.way):
        changed += await queries.record(tx, workspace_id=workspace_id, way=way, statements=list(group))
    return changed


async def record_rows(tx: Tx, *, workspace_id: int, way: Way, rows: Fragment) -> int:
    """Write down what a SELECT says; see `record` in queries.sql for its columns. Else as `record`."""
    return await queries.record_rows(tx, workspace_id=workspace_id, way=way, rows=rows)


async def states(tx: Tx, *, workspace_id: int, lead_ids: Sequence[int]) -> list[ConsentState]:
    """Return the latest word of some leads, one row for each lead and channel that is known of."""
    return await queries.states(tx, workspace_id=workspace_id, lead_ids=lead_ids)


async def entries(
    tx: Tx, *, workspace_id: int, lead_id: int, limit: int | None = None, cursor: str | None = None
) -> Page[ConsentEntry]:
    """Return a lead's rows of the ledger, newest first."""
    size = checked_limit(limit)
    key = decode_cursor(cursor, tuple[int])
    rows = await queries.entries(
        tx, workspace_id=workspace_id, lead_id=lead_id, before=key[0] if key else NEWEST, limit=size + 1
    )
    return page_of(rows, limit=size, key=lambda row: (row.id,))


async def follow_lead(tx: Tx, *, workspace_id: int, kept_id: int, other_id: int) -> int:
    """Have the ledger of a lead follow it into the one that it was merged into; return how many rows did.

    Of each channel the newest word holds, but a withdrawal is never turned around by the other lead's word.
    """
    return await queries.follow_lead(tx, workspace_id=workspace_id, kept_id=kept_id, other_id=other_id)


def _clean(said: Statement) -> Statement:
    problems = []
    if said.channel not in set(Channel):
        problems.append(Problem("channel", "is not a channel"))
    if said.ip is not None and known_ip(said.ip) is None:
        problems.append(Problem("ip", "is not an IP address"))
    if said.at is not None and said.at > clock.now() + AHEAD:
        problems.append(Problem("at", "lies in the future"))
    elif said.at is not None and not clock.within_reach(said.at):
        problems.append(Problem("at", "lies at an end of the calendar"))
    if problems:
        raise ConsentUnclear(problems=problems)
    return replace(
        said,
        source=_line(said.source, LONGEST_SOURCE),
        text_version=_line(said.text_version, LONGEST_VERSION),
    )


def _line(text: str, limit: int) -> str:
    return one_line(text)[:limit].rstrip()
