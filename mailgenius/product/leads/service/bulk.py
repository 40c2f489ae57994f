"""Acts on all leads that match a filter: asked for in one request, done in the background in bounded steps.

A step looks at a stretch of leads by id, changes those that match, and moves the bookmark along, all in one
transaction. So each lead is dealt with once, even where the act itself changes what the filter asks for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.leads import bulk, normalise, queries
from mailgenius.product.leads.bulk_model import (
    EVERYBODY,
    OPEN,
    ActOnMembersAsked,
    BulkAct,
    BulkState,
    LeadAct,
    Match,
    Matching,
    Stretch,
    Wanted,
)
from mailgenius.product.leads.conditions import condition_of
from mailgenius.product.leads.errors import BulkActOver, BulkCountChanged, CannotUndo
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.leads.service import meaning
from mailgenius.product.leads.service.changing import clean_tags, delete, set_status
from mailgenius.product.leads.service.fielding import fitting, typed_fields
from mailgenius.product.leads.service.noting import note_act
from mailgenius.product.leads.service.writing import add_fields

JOB = "leads.bulk"
OPPOSITE = {LeadAct.ADD_TAGS: LeadAct.REMOVE_TAGS, LeadAct.REMOVE_TAGS: LeadAct.ADD_TAGS}


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
    believes there are: deleting needs it, and then they are counted one by one.

    Raises:
        Invalid: what the act needs is missing, a tag is not one, or a value does not fit its field.
        BulkCountChanged: another number of leads matches.
    """
    clean = _needed(act, tags, status, expected)
    values = await _fitting(tx, workspace_id, fields) if act is LeadAct.SET_FIELDS else None
    look = meaning.matching if expected is None else meaning.matching_counted
    found = await look(tx, workspace_id=workspace_id, wanted=wanted)
    if expected is not None and expected != found.total:
        raise BulkCountChanged(total=found.total, expected=expected)
    act_id = await bulk.insert(
        tx,
        workspace_id=workspace_id,
        act=act,
        tags=clean,
        status=status if act is LeadAct.SET_STATUS else None,
        fields=values,
        found=found,
        undoes=None,
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
        found=Matching(
            match=Match(), after_id=0, until_id=before.until_id, total=before.changed, total_is_estimate=False
        ),
        undoes=act_id,
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
    await note_act(tx, "bulk_act.cancelled", workspace_id=workspace_id, act=before)
    return await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)


async def fail_bulk(tx: Tx, *, workspace_id: int, act_id: int) -> None:
    """End an act that a defect stopped. One that is over stays as it is."""
    await bulk.end(tx, workspace_id=workspace_id, act_id=act_id, state=BulkState.FAILED)


async def bulk_step(tx: Tx, *, workspace_id: int, act_id: int, members: Fragment | None = None) -> bool:
    """Deal with the next leads of an act; false when it is over. Wants a trusted transaction.

    It never goes back: a second run goes on where the last committed step ended. `members` is what the
    segment of the act's filter says, compiled.
    """
    act = await bulk.lock(tx, workspace_id=workspace_id, act_id=act_id)
    if act.state not in OPEN:
        return False
    next_leads = (
        _next(tx, workspace_id, act, members) if act.undoes is None else _changed(tx, workspace_id, act)
    )
    found = await next_leads
    changed = await _do(tx, workspace_id, act, found.ids) if found.ids else 0
    ended = found.reached >= act.until_id
    await bulk.advance(
        tx,
        workspace_id=workspace_id,
        act_id=act_id,
        cursor=found.reached,
        done=len(found.ids),
        changed=changed,
        ended=ended,
    )
    if ended:
        act = await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)
        await note_act(tx, "bulk_act.finished", workspace_id=workspace_id, act=act)
    return not ended


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
    act = await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)
    if act.match.segment is None:
        await tx.enqueue(JOB, workspace_id=workspace_id, act_id=act_id)
    else:
        await tx.publish(ActOnMembersAsked(workspace_id=workspace_id, act_id=act_id))
    await note_act(tx, "bulk_act.started", workspace_id=workspace_id, act=act)
    return act


async def _next(tx: Tx, workspace_id: int, act: BulkAct, members: Fragment | None) -> Stretch:
    """Hold the next leads of an act, those that still match when nobody else has them."""
    found = await meaning.next_matching(
        tx,
        workspace_id=workspace_id,
        match=act.match,
        members=members,
        after_id=act.cursor,
        until_id=act.until_id,
    )
    if not found.ids:
        return found
    condition = condition_of(act.match, members=members)
    held = await bulk.hold(tx, workspace_id=workspace_id, condition=condition, lead_ids=found.ids)
    return replace(found, ids=held)


async def _changed(tx: Tx, workspace_id: int, act: BulkAct) -> Stretch:
    """Hold the next leads that the act which is taken back had changed."""
    here = await meaning.stretch_to(tx, workspace_id, act.match, after_id=act.cursor, until_id=act.until_id)
    ids = await bulk.next_changed_ids(
        tx,
        workspace_id=workspace_id,
        act_id=act.undoes or 0,
        after_id=act.cursor,
        until_id=here,
        limit=meaning.STEP,
    )
    return meaning.stretch_of(ids, here)


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
