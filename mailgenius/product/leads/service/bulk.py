"""Acts on all leads that match a filter: asked for in one request, done in the background in bounded steps.

A step looks at a stretch of leads by id, changes those that match, and moves the bookmark along, all in one
transaction. So each lead is dealt with once, even where the act itself changes what the filter asks for.
"""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Row, Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.leads import bulk, normalise, queries
from mailgenius.product.leads.bulk_model import (
    EVERYBODY,
    OPEN,
    BulkAct,
    BulkState,
    LeadAct,
    Match,
    Matching,
    Wanted,
)
from mailgenius.product.leads.errors import BulkActOver, BulkCountChanged, CannotUndo
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.leads.service.changing import clean_tags, delete, set_status
from mailgenius.product.leads.service.fielding import fitting, typed_fields
from mailgenius.product.leads.service.searching import count_found, match_of
from mailgenius.product.leads.service.writing import add_fields

JOB = "leads.bulk"
STEP = 5_000
"""Leads changed in one transaction: long enough to be quick, short enough that nobody waits for its locks."""
STRETCH = 40_000
"""Leads looked at in one transaction, when few of them match."""
OPPOSITE = {LeadAct.ADD_TAGS: LeadAct.REMOVE_TAGS, LeadAct.REMOVE_TAGS: LeadAct.ADD_TAGS}


async def count_matching(tx: Tx, *, workspace_id: int, wanted: Wanted) -> int:
    """Count, exactly, the leads that are meant. Wants a trusted transaction."""
    return (await matching(tx, workspace_id=workspace_id, wanted=wanted)).total


async def matching(tx: Tx, *, workspace_id: int, wanted: Wanted) -> Matching:
    """Return who is meant at this moment, as one can go through them later. Wants a trusted transaction."""
    match = await match_of(
        tx, workspace_id=workspace_id, text=wanted.text, tag=wanted.tag, status=wanted.status
    )
    match = match.among(wanted.lead_ids)
    until_id = await queries.max_lead_id(tx, workspace_id=workspace_id)
    total = await _count(tx, workspace_id, match, until_id)
    return Matching(match=match, until_id=until_id, total=total)


async def start_bulk(
    tx: Tx,
    *,
    workspace_id: int,
    act: LeadAct,
    wanted: Wanted = EVERYBODY,
    tags: Sequence[str] = (),
    status: LeadStatus | None = None,
    fields: dict[str, Any] | None = None,
    expected: int | None = None,
    created_by: int | None = None,
) -> BulkAct:
    """Queue an act on all leads that are meant now. Wants a trusted transaction.

    `act` is what to do, `tags`, `status` or `fields` say with what. `expected` is how many leads the asker
    believes there are: deleting needs it.

    Raises:
        Invalid: what the act needs is missing, a tag is not one, or a value does not fit its field.
        BulkCountChanged: another number of leads matches.
    """
    clean = _needed(act, tags, status, expected)
    values = await _fitting(tx, workspace_id, fields) if act is LeadAct.SET_FIELDS else None
    found = await matching(tx, workspace_id=workspace_id, wanted=wanted)
    if expected is not None and expected != found.total:
        raise BulkCountChanged(total=found.total, expected=expected)
    act_id = await bulk.insert(
        tx,
        workspace_id=workspace_id,
        act=act,
        tags=clean,
        status=status if act is LeadAct.SET_STATUS else None,
        fields=values,
        match=found.match,
        undoes=None,
        total=found.total,
        until_id=found.until_id,
        created_by=created_by,
    )
    return await _queued(tx, workspace_id, act_id)


async def undo_bulk(tx: Tx, *, workspace_id: int, act_id: int, created_by: int | None = None) -> BulkAct:
    """Queue what takes back an act on tags: exactly the leads that it changed.

    Raises:
        CannotUndo: it was about several tags or something else, goes on, changed nothing, or was undone.
    """
    before = await bulk.lock(tx, workspace_id=workspace_id, act_id=act_id)
    if not before.can_be_undone or await bulk.undone(tx, workspace_id=workspace_id, act_id=act_id):
        raise CannotUndo
    made = await bulk.insert(
        tx,
        workspace_id=workspace_id,
        act=OPPOSITE[before.act],
        tags=before.tags,
        status=None,
        fields=None,
        match=Match(),
        undoes=act_id,
        total=before.changed,
        until_id=before.until_id,
        created_by=created_by,
    )
    return await _queued(tx, workspace_id, made)


async def bulk_act(tx: Tx, *, workspace_id: int, act_id: int) -> BulkAct:
    return await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)


async def open_bulk_acts(tx: Tx, *, workspace_id: int) -> list[BulkAct]:
    """Return the acts that wait or go on, oldest first."""
    return await bulk.open_acts(tx, workspace_id=workspace_id)


async def cancel_bulk(tx: Tx, *, workspace_id: int, act_id: int) -> BulkAct:
    """Stop an act after the step it is in. What is done stays done.

    Raises:
        BulkActOver: it has ended.
    """
    before = await bulk.lock(tx, workspace_id=workspace_id, act_id=act_id)
    if before.state not in OPEN:
        raise BulkActOver
    await bulk.end(tx, workspace_id=workspace_id, act_id=act_id, state=BulkState.CANCELLED)
    return await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)


async def fail_bulk(tx: Tx, *, workspace_id: int, act_id: int) -> None:
    """End an act that a defect stopped. One that is over stays as it is."""
    await bulk.end(tx, workspace_id=workspace_id, act_id=act_id, state=BulkState.FAILED)


async def bulk_step(tx: Tx, *, workspace_id: int, act_id: int) -> bool:
    """Deal with the next leads of an act; false when it is over. Wants a trusted transaction.

    It never goes back: a second run goes on where the last committed step ended.
    """
    act = await bulk.lock(tx, workspace_id=workspace_id, act_id=act_id)
    if act.state not in OPEN:
        return False
    await queries.plan_for_values(tx)
    here = await _stretch_to(tx, workspace_id, act.match, after_id=act.cursor, until_id=act.until_id)
    ids = await _next(tx, workspace_id, act, until_id=here)
    changed = await _do(tx, workspace_id, act, ids) if ids else 0
    # A full step may have left matches in its stretch.
    cursor = ids[-1] if len(ids) == STEP else here
    ended = cursor == act.until_id
    await bulk.advance(
        tx,
        workspace_id=workspace_id,
        act_id=act_id,
        cursor=cursor,
        done=len(ids),
        changed=changed,
        ended=ended,
    )
    return not ended


async def matching_rows(
    tx: Tx,
    *,
    workspace_id: int,
    match: Match,
    condition: Fragment | None,
    after_id: int,
    until_id: int,
) -> tuple[list[Row], int]:
    """Return the next leads that match, whole, by id, and where to go on. Wants a trusted transaction.

    There may be none while there are more: it is over when the place to go on is `until_id`. `condition` is
    what a segment says.
    """
    await queries.plan_for_values(tx)
    here = await _stretch_to(tx, workspace_id, match, after_id=after_id, until_id=until_id)
    rows = await bulk.matching_rows(
        tx,
        workspace_id=workspace_id,
        match=match,
        condition=condition,
        after_id=after_id,
        until_id=here,
        limit=STEP,
    )
    return rows, rows[-1][0] if len(rows) == STEP else here


async def _stretch_to(tx: Tx, workspace_id: int, match: Match, *, after_id: int, until_id: int) -> int:
    """Return the last lead to look at next. A selection is looked up, so it needs no stretches."""
    if match.ids is not None:
        return until_id
    end = await queries.stretch_end(
        tx, workspace_id=workspace_id, after_id=after_id, until_id=until_id, size=STRETCH
    )
    return until_id if end is None else end


def _needed(
    act: LeadAct, tags: Sequence[str], status: LeadStatus | None, expected: int | None
) -> tuple[str, ...]:
    """Check that an act came with what it needs, and return its tags in normal form."""
    if act in OPPOSITE:
        return clean_tags(tags)
    if act is LeadAct.SET_STATUS and status is None:
        raise invalid("status", "is needed")
    if act is LeadAct.DELETE and expected is None:
        raise invalid("expected", "is needed: the number of leads that you mean to delete")
    return ()


async def _fitting(tx: Tx, workspace_id: int, fields: dict[str, Any] | None) -> dict[str, Any]:
    """Check the values to set, as those of a lead are; keys that are new become known fields."""
    if not fields:
        raise invalid("fields", "name at least one field and its value")
    try:
        clean = normalise.fields(fields)
    except ValueError as error:
        raise invalid("fields", str(error)) from error
    clean = fitting(clean, await typed_fields(tx, workspace_id=workspace_id)) or {}
    labels = {key: normalise.field_label(key) for key, value in clean.items() if value is not None}
    await add_fields(tx, workspace_id=workspace_id, labels=labels)
    return clean


async def _queued(tx: Tx, workspace_id: int, act_id: int) -> BulkAct:
    await tx.enqueue(JOB, workspace_id=workspace_id, act_id=act_id)
    return await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)


async def _count(tx: Tx, workspace_id: int, match: Match, until_id: int) -> int:
    if match == Match():
        return await queries.count_of(tx, workspace_id=workspace_id, key="all")
    await queries.plan_for_values(tx)
    if match.ids is None:
        return await count_found(tx, workspace_id=workspace_id, match=match)
    return await bulk.count(tx, workspace_id=workspace_id, match=match, until_id=until_id)


async def _next(tx: Tx, workspace_id: int, act: BulkAct, *, until_id: int) -> list[int]:
    if act.undoes is None:
        return await bulk.next_ids(
            tx,
            workspace_id=workspace_id,
            match=act.match,
            after_id=act.cursor,
            until_id=until_id,
            limit=STEP,
        )
    return await bulk.next_changed_ids(
        tx,
        workspace_id=workspace_id,
        act_id=act.undoes,
        after_id=act.cursor,
        until_id=until_id,
        limit=STEP,
    )


async def _do(tx: Tx, workspace_id: int, act: BulkAct, ids: Sequence[int]) -> int:
    """Do the act to these leads and return how many it changed."""
    note = str(act.id)
    match act.act:
        case LeadAct.ADD_TAGS:
            return await queries.add_tags(
                tx, workspace_id=workspace_id, lead_ids=ids, tags=act.tags, bulk=note
            )
        case LeadAct.REMOVE_TAGS:
            return await queries.remove_tags(
                tx, workspace_id=workspace_id, lead_ids=ids, tags=act.tags, bulk=note
            )
        case LeadAct.DELETE:
            return await delete(tx, workspace_id=workspace_id, lead_ids=ids)
        case LeadAct.SET_FIELDS:
            return await bulk.set_fields(
                tx, workspace_id=workspace_id, lead_ids=ids, fields=act.fields or {}, act_id=act.id
            )
        case LeadAct.SET_STATUS:
            if act.status is None:
                raise LookupError("An act on statuses names one: `start_bulk` refuses it otherwise.")
            return await set_status(tx, workspace_id=workspace_id, lead_ids=ids, status=act.status)
