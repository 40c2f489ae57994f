"""Lists of leads that stay quick at ten million.

What a text, a tag, a status or a field's value matches is read bucket by bucket (migration 0022), from the
end where the list begins, and no further than the page and a fair guess of the total need. So a common word
costs a bucket, and a rare one some looks into many. What every lead may match (a time, an order) is walked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit, decode_cursor, encode_cursor
from mailgenius.product.leads import (
    queries,
    search_queries as found,
)
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.model import (
    EVER,
    Lead,
    LeadPage,
    LeadSort,
    LeadStatus,
    Span,
)
from mailgenius.product.leads.search_queries import FIRST, LAST, Filter, Hits, Look
from mailgenius.product.leads.service.filtering import exact_of, filter_of
from mailgenius.product.leads.service.rarest import look_up

BUCKET_BITS = 13
"""As in the functions of migration 0022."""
FEW = 1_000
"""Up to this many matches, they are counted one by one."""
SORTED = 20_000
"""Up to this many matches are listed and put in the order of their last change; more are walked in it."""
EFFORT = 20_000
"""With a full page, a look for more ends when so many leads were looked at, or twenty times in vain."""
SLACK = timedelta(hours=2)
"""Twice what `first_lead_since` allows a transaction to take."""
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Total:
    """How many leads a list has. It is found once, and carried in the cursor from page to page."""

    n: int
    estimated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A list as somebody asked for a page of it."""

    wanted: Filter
    sort: LeadSort
    limit: int
    before_at: datetime = LATEST
    before_id: int = LAST
    total: _Total | None = None

    @property
    def by_word(self) -> bool:
        """Whether the index can look up a part of the filter."""
        return self.wanted.by_word


async def search(
    tx: Tx,
    *,
    workspace_id: int,
    text: str = "",
    tag: str | None = None,
    status: LeadStatus | None = None,
    fields: Mapping[str, str] | None = None,
    created: Span = EVER,
    updated: Span = EVER,
    sort: LeadSort = LeadSort.NEWEST,
    limit: int | None = None,
    cursor: str | None = None,
) -> LeadPage:
    """Return a page of leads. Wants a trusted transaction.

    All words of the text must begin a word of the name, the e-mail, the phone or the external id; accents and
    case do not matter. A whole e-mail or phone number finds exactly its lead, and what looks like the
    beginning of an e-mail, or most of a phone number, finds the few that begin so, if there are any.
    `fields` are values of custom fields, by key.

    Raises:
        Invalid: a field does not exist, a value does not fit it, or the cursor is of another list.
    """
    wanted = Wanted(text=text, tag=tag, status=status, fields=fields or {}, created=created, updated=updated)
    return await list_wanted(
        tx, workspace_id=workspace_id, wanted=wanted, sort=sort, limit=limit, cursor=cursor
    )


async def list_wanted(
    tx: Tx,
    *,
    workspace_id: int,
    wanted: Wanted,
    sort: LeadSort = LeadSort.NEWEST,
    limit: int | None = None,
    cursor: str | None = None,
) -> LeadPage:
    """Return a page of the leads that a filter means, as `search` does. Segments are listed by their area."""
    await queries.plan_for_values(tx)
    given = await filter_of(tx, workspace_id, wanted)
    asked = _placed(_Asked(wanted=given, sort=sort, limit=checked_limit(limit) + 1), cursor)
    if given.text is not None and (exact := await exact_of(tx, workspace_id, wanted.text, given)):
        return await _of_few(tx, workspace_id, exact, asked)
    placed = await _held_to_tag(tx, workspace_id, await bounded(tx, workspace_id, asked.wanted))
    asked = replace(asked, wanted=placed)
    if asked.by_word:
        return await _looked_up(tx, workspace_id, asked)
    return await _walked(tx, workspace_id, asked)


async def _looked_up(tx: Tx, workspace_id: int, asked: _Asked) -> LeadPage:
    """A page of what the index finds."""
    if asked.sort is LeadSort.CHANGED:
        return await _looked_up_by_change(tx, workspace_id, asked)
    # A page needs its leads; a first page also needs to know whether there are few in all.
    enough = asked.limit if asked.total else max(asked.limit, FEW + 1)
    look = Look(enough=enough, keep=asked.limit, effort=EFFORT if asked.wanted.dear else LAST)
    oldest = asked.sort is LeadSort.OLDEST
    got = await look_up(tx, workspace_id=workspace_id, wanted=asked.wanted, look=look, oldest=oldest)
    if asked.total is None:
        asked = replace(asked, total=await _total(tx, workspace_id, asked, got))
    rows = await found.leads_by_id(tx, workspace_id=workspace_id, lead_ids=got.ids)
    return _page(rows[::-1] if oldest else rows, asked)


async def _looked_up_by_change(tx: Tx, workspace_id: int, asked: _Asked) -> LeadPage:
    """The last changed of what the index finds: few are put in order, else leads are looked at in it."""
    ask = partial(look_up, tx, workspace_id=workspace_id, wanted=asked.wanted)
    got: Hits | None = None
    if asked.total is None and (key := _counter(asked.wanted)):
        n = await queries.count_of(tx, workspace_id=workspace_id, key=key)
        asked = replace(asked, total=_Total(n=n, estimated=False))
    elif asked.total is None:
        got = await ask(look=Look(enough=FEW + 1, keep=FEW + 1, effort=EFFORT))
        asked = replace(asked, total=await _total(tx, workspace_id, asked, got))
    if (got is None or got.more or got.hits > len(got.ids)) and asked.total and asked.total.n <= SORTED:
        got = await ask(look=Look(enough=SORTED + 1, keep=SORTED + 1))
    listed = got is not None and not got.more and got.hits == len(got.ids)
    return await _by_change(tx, workspace_id, asked, among=got.ids if got and listed else None)


async def _walked(tx: Tx, workspace_id: int, asked: _Asked) -> LeadPage:
    """A page of everybody, or of those of a time."""
    wanted = asked.wanted
    if asked.total is None:
        asked = replace(asked, total=await _total_of_time(tx, workspace_id, wanted))
    if asked.sort is LeadSort.CHANGED:
        return await _by_change(tx, workspace_id, asked, among=None)
    if wanted.updated_since or wanted.updated_until:
        ids = await found.changed_ids(tx, workspace_id=workspace_id, wanted=wanted, limit=SORTED + 1)
        if len(ids) <= SORTED:
            return await _by_id(tx, workspace_id, asked, among=ids)
    walk = found.newest_leads if asked.sort is LeadSort.NEWEST else found.oldest_leads
    return _page(await walk(tx, workspace_id=workspace_id, wanted=wanted, limit=asked.limit), asked)


async def _by_change(tx: Tx, workspace_id: int, asked: _Asked, *, among: Sequence[int] | None) -> LeadPage:
    """The last changed first: among some, or each lead looked at in turn."""
    if among is not None:
        rows = await found.changed_among(
            tx,
            workspace_id=workspace_id,
            lead_ids=among,
            before_at=asked.before_at,
            before_id=asked.before_id,
            limit=asked.limit,
        )
    else:
        rows = await found.changed_leads(
            tx,
            workspace_id=workspace_id,
            wanted=asked.wanted,
            before_at=asked.before_at,
            before_id=asked.before_id,
            limit=asked.limit,
        )
    return _page(rows, asked)


async def _total(tx: Tx, workspace_id: int, asked: _Asked, got: Hits) -> _Total:
    """How many match: counted, kept, or guessed from the part that was looked at."""
    if not got.more or got.reached is None:
        return _Total(n=got.hits, estimated=False)
    wanted = asked.wanted
    if key := _counter(wanted):
        return _Total(n=await queries.count_of(tx, workspace_id=workspace_id, key=key), estimated=False)
    everyone = await queries.count_of(tx, workspace_id=workspace_id, key="all")
    first, last = await found.id_span(tx, workspace_id=workspace_id)
    first, last = max(first, wanted.after), min(last, wanted.before)
    reached = got.reached << BUCKET_BITS
    seen = reached + (1 << BUCKET_BITS) - first if asked.sort is LeadSort.OLDEST else last - reached
    return _Total(n=min(round(got.hits * max(last - first, 1) / max(seen, 1)), everyone), estimated=True)


def _counter(wanted: Filter) -> str | None:
    """The kept counter that knows how many match, if there is one."""
    anywhere = replace(wanted, after=FIRST, before=LAST)
    if anywhere in (Filter(tag=wanted.tag), Filter(status=wanted.status)):
        return f"tag:{wanted.tag}" if wanted.tag else f"status:{wanted.status}"
    return None


async def _total_of_time(tx: Tx, workspace_id: int, wanted: Filter) -> _Total:
    everyone = await queries.count_of(tx, workspace_id=workspace_id, key="all")
    if wanted == Filter(after=wanted.after, before=wanted.before):
        return _Total(n=everyone, estimated=False)
    n = await found.count_up_to(tx, workspace_id=workspace_id, wanted=wanted, limit=FEW + 1)
    if n <= FEW:
        return _Total(n=n, estimated=False)
    first, last = await found.id_span(tx, workspace_id=workspace_id)
    part = (min(last, wanted.before) - max(first, wanted.after)) / max(last - first, 1)
    return _Total(n=max(round(everyone * part), n), estimated=True)


async def bounded(tx: Tx, workspace_id: int, wanted: Filter) -> Filter:
    """Hold a filter by the day of adding to the ids of that time: they were given in the same order."""
    after, before = wanted.after, wanted.before
    if wanted.created_since:
        first = await found.first_lead_since(tx, workspace_id=workspace_id, moment=wanted.created_since)
        after = max(after, LAST - 1 if first is None else first - 1)
    if wanted.created_until and clock.within_reach(wanted.created_until):
        later = wanted.created_until + SLACK
        end = await found.first_lead_since(tx, workspace_id=workspace_id, moment=later)
        before = before if end is None else min(before, end)
    return replace(wanted, after=after, before=before)


async def _held_to_tag(tx: Tx, workspace_id: int, wanted: Filter) -> Filter:
    """Hold a filter by a tag to the ids between which its leads lie: a tag is mostly given to whole files."""
    if wanted.tag is None:
        return wanted
    first, last = await found.tag_extent(tx, workspace_id=workspace_id, tag=wanted.tag)
    return replace(wanted, after=max(wanted.after, first - 1), before=min(wanted.before, last + 1))


def _placed(asked: _Asked, cursor: str | None) -> _Asked:
    """Go on where a cursor says. The total travels with it."""
    key = decode_cursor(cursor, tuple[LeadSort, int, datetime | None, int, bool])
    if key is None:
        return asked
    sort, lead_id, changed_at, n, estimated = key
    if sort is not asked.sort:
        raise invalid("cursor", "is not a cursor from this list")
    asked = replace(asked, total=_Total(n=n, estimated=estimated))
    if sort is LeadSort.CHANGED:
        return replace(asked, before_at=changed_at or LATEST, before_id=lead_id)
    if sort is LeadSort.OLDEST:
        return replace(asked, wanted=replace(asked.wanted, after=lead_id))
    return replace(asked, wanted=replace(asked.wanted, before=lead_id))


async def _of_few(tx: Tx, workspace_id: int, ids: Sequence[int], asked: _Asked) -> LeadPage:
    """A page of some leads that are all known."""
    asked = replace(asked, total=_Total(n=len(ids), estimated=False))
    if asked.sort is LeadSort.CHANGED:
        return await _by_change(tx, workspace_id, asked, among=ids)
    return await _by_id(tx, workspace_id, asked, among=ids)


async def _by_id(tx: Tx, workspace_id: int, asked: _Asked, *, among: Sequence[int]) -> LeadPage:
    """The newest or the oldest of some."""
    newest = asked.sort is LeadSort.NEWEST
    near = (lead_id for lead_id in among if asked.wanted.after < lead_id < asked.wanted.before)
    page = sorted(near, reverse=newest)[: asked.limit]
    rows = await found.leads_by_id(tx, workspace_id=workspace_id, lead_ids=page)
    return _page(rows if newest else rows[::-1], asked)


def _page(rows: Sequence[Lead], asked: _Asked) -> LeadPage:
    total = asked.total or _Total(n=len(rows), estimated=False)
    items = rows[: asked.limit - 1]
    cursor = None
    if len(rows) == asked.limit and items:
        last = items[-1]
        changed_at = last.updated_at.isoformat() if asked.sort is LeadSort.CHANGED else None
        cursor = encode_cursor(asked.sort.value, last.id, changed_at, total.n, total.estimated)
    return LeadPage(items=items, next_cursor=cursor, total=total.n, total_is_estimate=total.estimated)
