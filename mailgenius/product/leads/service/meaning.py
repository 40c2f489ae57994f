"""Who is meant by a filter: how many, and who is next. What acts on many leads and exports go by.

They mean exactly the leads that the list shows for the same filter (`searching`); a segment that narrows it
was compiled by the area of segments.
"""

from dataclasses import fields as fields_of, replace

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Row, Tx
from mailgenius.product.leads import bulk, queries, search_queries as found
from mailgenius.product.leads.bulk_model import Match, Matching, Stretch, Wanted
from mailgenius.product.leads.conditions import condition_of
from mailgenius.product.leads.search_queries import LAST, Filter, Look
from mailgenius.product.leads.service.filtering import exact_of, filter_of
from mailgenius.product.leads.service.searching import bounded, list_wanted

STEP = 5_000
"""Leads dealt with in one transaction: enough to be quick, and few enough that nobody waits for its locks."""
STRETCH = 40_000
"""Leads looked at in one transaction, when few of them match."""
_SHARED = tuple({each.name for each in fields_of(Match)} & {each.name for each in fields_of(Filter)})


async def matching(tx: Tx, *, workspace_id: int, wanted: Wanted) -> Matching:
    """Return who is meant at this moment, as one can go through them later, and about how many they are.

    The number is the one that the list shows. Wants a trusted transaction.

    Raises:
        Invalid: a field does not exist, or a value does not fit it.
    """
    meant = await _matching(tx, workspace_id, wanted)
    if meant.match.ids is not None:
        return await _counted(tx, workspace_id, wanted, meant)
    if wanted.members is not None:
        return replace(meant, total=wanted.members.about, total_is_estimate=not wanted.members.counted)
    page = await list_wanted(tx, workspace_id=workspace_id, wanted=wanted, limit=1)
    return replace(meant, total=page.total, total_is_estimate=page.total_is_estimate)


async def matching_counted(tx: Tx, *, workspace_id: int, wanted: Wanted) -> Matching:
    """Return who is meant at this moment, counted one by one. Wants a trusted transaction.

    Raises:
        Invalid: a field does not exist, or a value does not fit it.
    """
    return await _counted(tx, workspace_id, wanted, await _matching(tx, workspace_id, wanted))


async def narrowed(tx: Tx, *, workspace_id: int, wanted: Wanted, members: Fragment) -> Fragment:
    """Return the condition that holds for those members of a segment that a filter means."""
    meant = await _matching(tx, workspace_id, replace(wanted, members=None))
    return condition_of(meant.match, members=members)


async def next_matching(
    tx: Tx, *, workspace_id: int, match: Match, members: Fragment | None, after_id: int, until_id: int
) -> Stretch:
    """Return the next leads that are meant, `STEP` of them at most. Wants a trusted transaction.

    `members` is what the segment of the filter says, compiled. It is over when it has reached `until_id`.
    """
    await queries.plan_for_values(tx)
    if _in_index(match):
        wanted = replace(_filter(match), after=after_id, before=until_id + 1)
        look = Look(enough=STEP, keep=STEP)
        hits = await found.hits_oldest(tx, workspace_id=workspace_id, wanted=wanted, look=look)
        return stretch_of(sorted(hits.ids), until_id)
    here = await stretch_to(tx, workspace_id, match, after_id=after_id, until_id=until_id)
    ids = await bulk.next_ids(
        tx,
        workspace_id=workspace_id,
        condition=condition_of(match, members=members),
        after_id=after_id,
        until_id=here,
        limit=STEP,
    )
    return stretch_of(ids, here)


async def whole_leads(tx: Tx, *, workspace_id: int, found: Stretch) -> list[Row]:
    """Return leads with their fields, by id, as an export writes them."""
    return await bulk.whole_leads(tx, workspace_id=workspace_id, lead_ids=found.ids) if found.ids else []


async def stretch_to(tx: Tx, workspace_id: int, match: Match, *, after_id: int, until_id: int) -> int:
    """Return the last lead to look at next. A selection is looked up, so it needs no stretches."""
    if match.ids is not None:
        return until_id
    end = await queries.stretch_end(
        tx, workspace_id=workspace_id, after_id=after_id, until_id=until_id, size=STRETCH
    )
    return until_id if end is None else end


def stretch_of(ids: list[int], here: int) -> Stretch:
    """Say where to go on: a full step may have left matches behind its last lead."""
    return Stretch(ids=ids, reached=ids[-1] if len(ids) == STEP else here)


async def _matching(tx: Tx, workspace_id: int, wanted: Wanted) -> Matching:
    given = await filter_of(tx, workspace_id, wanted)
    match = Match(**{name: getattr(given, name) for name in _SHARED})
    if given.text is not None and (exact := await exact_of(tx, workspace_id, wanted.text, given)):
        match = replace(match, text=None, ids=tuple(exact))
    match = match.among(wanted.lead_ids)
    if wanted.members is not None:
        match = replace(match, segment=dict(wanted.members.kept))
    place = await bounded(tx, workspace_id, given)
    until_id = min(await queries.max_lead_id(tx, workspace_id=workspace_id), place.before - 1)
    return Matching(
        match=match, after_id=min(place.after, until_id), until_id=until_id, total=0, total_is_estimate=True
    )


async def _counted(tx: Tx, workspace_id: int, wanted: Wanted, meant: Matching) -> Matching:
    await queries.plan_for_values(tx)
    if meant.match == Match():
        total = await queries.count_of(tx, workspace_id=workspace_id, key="all")
    elif _in_index(meant.match):
        given = replace(_filter(meant.match), after=meant.after_id, before=meant.until_id + 1)
        look = Look(enough=LAST, keep=0)
        total = (await found.hits_newest(tx, workspace_id=workspace_id, wanted=given, look=look)).hits
    else:
        total = await bulk.count(
            tx,
            workspace_id=workspace_id,
            condition=condition_of(meant.match, members=wanted.members.condition if wanted.members else None),
            after_id=meant.after_id,
            until_id=meant.until_id,
        )
    return replace(meant, total=total, total_is_estimate=False)


def _in_index(match: Match) -> bool:
    """Whether the index can look up a part of a filter that has nothing it does not know."""
    return match.ids is None and match.segment is None and _filter(match).by_word


def _filter(match: Match) -> Filter:
    return Filter(**{name: getattr(match, name) for name in _SHARED})
