"""How many members a segment has, who they are, and what it means: quickly while building, exactly later."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Invalid
from mailgenius.kit.paging import checked_limit, decode_cursor, encode_cursor
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.model import Lead
from mailgenius.product.preferences.model import LeadLanguage
from mailgenius.product.segments import queries
from mailgenius.product.segments.describing import describe
from mailgenius.product.segments.errors import SegmentBroken
from mailgenius.product.segments.model import Estimate, MemberPage, Preview, Segment
from mailgenius.product.segments.service.gathering import Gathered, gather
from mailgenius.product.segments.service.writing import get

CHEAP = 5_000
"""What the planner may expect of a count that is done at once: some 50,000 leads, or what an index finds."""
PLACES, MANY_PLACES, EACH = 100, 400, 40
"""A sample: so many leads behind each of so many places; of many places when few members were found."""
FEW = 10
STRETCHES = (500, 5_000, 20_000, 50_000, 50_000, 50_000)
"""Leads that are looked through for one page, in growing stretches."""
SAMPLE = 5


async def estimate(tx: Tx, *, workspace_id: int, tree: Any) -> Estimate:
    """Say about how many members a tree has; exactly when that is cheap. Wants a trusted transaction.

    Raises:
        Invalid: something in the tree is wrong.
    """
    found = await gather(tx, workspace_id=workspace_id, raw=tree)
    return await estimate_of(tx, workspace_id, found.condition())


async def preview(tx: Tx, *, workspace_id: int, tree: Any, locale: str) -> Preview:
    """Say what a tree means, about how many members it has, and show some. Wants a trusted transaction.

    What is wrong with the tree is part of the answer: it is being built.
    """
    try:
        found = await gather(tx, workspace_id=workspace_id, raw=tree)
        condition = found.condition()
    except Invalid as error:
        return Preview(problems=error.problems, estimate=None, sample=(), sentence="")
    size, some = await _look(tx, workspace_id, condition)
    sample: Sequence[Lead] = ()
    if some:  # Looking for the newest could take long.
        condition = leads.among(some)
    if size.members:
        sample, _ = await members_of(tx, workspace_id, condition, limit=SAMPLE, before=None)
    return Preview(problems=(), estimate=size, sample=sample, sentence=sentence(found, locale))


async def describe_tree(tx: Tx, *, workspace_id: int, tree: Any, locale: str) -> str:
    """Return what a tree means, in one sentence of English or Portuguese."""
    return sentence(await gather(tx, workspace_id=workspace_id, raw=tree), locale)


def sentence(found: Gathered, locale: str) -> str:
    language = LeadLanguage.of_locale(locale)
    return describe(
        found.tree,
        locale=locale,
        fields={key: field.label for key, field in found.fields.items()},
        segments={number: segment.name for number, segment in found.segments.items()},
        campaigns={number: orders[0].name for number, orders in found.orders.items()},
        imports=found.imports,
        topics={number: topic.name_in(language) for number, topic in found.known.topics.items()},
    )


async def members(
    tx: Tx, *, workspace_id: int, segment_id: int, limit: int | None = None, cursor: str | None = None
) -> MemberPage:
    """Return members, newest first. Wants a trusted transaction.

    A page looks through a bounded number of leads: it may be short, even empty, and still have a next one.
    """
    key = decode_cursor(cursor, tuple[int])
    condition = await condition_of(tx, workspace_id=workspace_id, segment_id=segment_id)
    before = key[0] if key else None
    items, reached = await members_of(tx, workspace_id, condition, limit=checked_limit(limit), before=before)
    return MemberPage(items=items, next_cursor=encode_cursor(reached) if reached else None)


async def condition_of(tx: Tx, *, workspace_id: int, segment_id: int) -> Fragment:
    """Return the compiled condition of a stored segment.

    Raises:
        SegmentNotFound: this workspace has no such segment.
        SegmentBroken: it no longer fits the fields.
    """
    segment = await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    return (await _of_stored(tx, workspace_id, segment)).condition()


async def _of_stored(tx: Tx, workspace_id: int, segment: Segment) -> Gathered:
    try:
        return await gather(tx, workspace_id=workspace_id, raw=segment.tree)
    except SegmentBroken:
        raise
    except Invalid as error:
        raise SegmentBroken(problems=error.problems) from error


async def ask_count(tx: Tx, *, workspace_id: int, segment_id: int) -> Segment:
    """Have the members counted one by one in the background; a count that waits already is enough."""
    await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    await queries.start_counting(tx, workspace_id=workspace_id, segment_id=segment_id)
    name = f"segments.count:{workspace_id}:{segment_id}"
    await tx.enqueue("segments.count", lock=name, once=name, workspace_id=workspace_id, segment_id=segment_id)
    return await get(tx, workspace_id=workspace_id, segment_id=segment_id)


async def count(tx: Tx, *, workspace_id: int, segment_id: int) -> int | None:
    """Count the members one by one and keep the number. Wants a trusted transaction.

    Returns None, and keeps nothing, when the segment no longer fits the fields.
    """
    segment = await get(tx, workspace_id=workspace_id, segment_id=segment_id)
    members: int | None = None
    try:
        condition = (await _of_stored(tx, workspace_id, segment)).condition()
    except SegmentBroken:
        members = None  # Its page says what is wrong; there is nothing to count.
    else:
        low, high = await queries.bounds_of_leads(tx, workspace_id=workspace_id)
        await queries.plan_for_values(tx)
        members = await queries.count_members(
            tx, workspace_id=workspace_id, condition=condition, after_id=low - 1, until_id=high
        )
    await queries.finish_counting(
        tx, workspace_id=workspace_id, segment_id=segment_id, version=segment.version, members=members
    )
    return members


async def estimate_of(tx: Tx, workspace_id: int, condition: Fragment) -> Estimate:
    """Say about how many leads fulfil a condition; exactly when that is cheap."""
    size, _ = await _look(tx, workspace_id, condition)
    return size


async def _look(tx: Tx, workspace_id: int, condition: Fragment) -> tuple[Estimate, Sequence[int]]:
    """Say about how many leads fulfil a condition, and name some if they were not counted one by one."""
    low, high = await queries.bounds_of_leads(tx, workspace_id=workspace_id)
    if not high:
        return Estimate(members=0, exact=True), ()
    everybody: dict[str, Any] = {
        "workspace_id": workspace_id,
        "condition": condition,
        "after_id": low - 1,
        "until_id": high,
    }
    await queries.plan_for_values(tx)
    if await queries.cost_of_count(tx, **everybody) <= CHEAP:
        return Estimate(members=await queries.count_members(tx, **everybody), exact=True), ()
    hits, looked_at = await _sample(tx, everybody, places=PLACES)
    if len(hits) < FEW:
        hits, looked_at = await _sample(tx, everybody, places=MANY_PLACES)
    total = sum((await leads.counts(tx, workspace_id=workspace_id)).values())
    return Estimate(members=round(total * len(hits) / max(1, looked_at)), exact=False), hits


async def _sample(tx: Tx, everybody: Mapping[str, Any], *, places: int) -> tuple[list[int], int]:
    """Return the members among the leads of a sample, and how many leads it has."""
    workspace_id = everybody["workspace_id"]
    # The same places each time: a number that jumps while nothing was changed looks broken.
    dice = random.Random(workspace_id)  # noqa: S311  # Nothing is secret here.
    chosen = dice.choices(range(everybody["after_id"] + 1, everybody["until_id"] + 1), k=places)
    sample = await queries.sample_leads(tx, workspace_id=workspace_id, places=chosen, each=EACH)
    return await queries.members_of_sample(tx, lead_ids=sample, **everybody), len(sample)


async def members_of(
    tx: Tx, workspace_id: int, condition: Fragment, *, limit: int, before: int | None
) -> tuple[list[Lead], int | None]:
    """Return a page of members and, when more may follow, the lead before which the next one begins."""
    low, high = await queries.bounds_of_leads(tx, workspace_id=workspace_id)
    until = high if before is None else min(high, before - 1)
    await queries.plan_for_values(tx)
    names: dict[str, Any] = {"workspace_id": workspace_id, "condition": condition}
    if await queries.cost_of_count(tx, **names, after_id=low - 1, until_id=until) <= CHEAP:
        found = await queries.members_listed(tx, **names, after_id=low - 1, until_id=until, limit=limit + 1)
        return found[:limit], found[limit - 1].id if len(found) > limit else None
    items: list[Lead] = []
    for size in STRETCHES:
        start = await queries.stretch_start(tx, workspace_id=workspace_id, until_id=until, size=size)
        found = await queries.members_in_stretch(
            tx,
            **names,
            after_id=low - 1 if start is None else start,
            until_id=until,
            limit=limit + 1 - len(items),
        )
        items += found
        if len(items) > limit:
            return items[:limit], items[limit - 1].id
        if start is None:
            return items, None
        until = start
    return items, until + 1
