"""Acts on all leads that match a filter: asked for in one request, followed, stopped and taken back.

They are done in the background, in bounded steps: stepping.py has what a step does.
"""

from collections.abc import Sequence
from typing import Any

from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.product.leads import bulk, normalise
from mailgenius.product.leads.bulk_model import (
    EVERYBODY,
    OPEN,
    ActOnMembersAsked,
    BulkAct,
    BulkState,
    LeadAct,
    Match,
    Matching,
    Wanted,
)
from mailgenius.product.leads.errors import BulkActOver, BulkCountChanged, CannotUndo
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.leads.service import meaning
from mailgenius.product.leads.service.changing import clean_tags
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


async def forget_bulk_filters(tx: Tx, *, workspace_id: int, patterns: Sequence[str]) -> int:
    """Forget the filters of acts that hold what a pattern finds; return how many. One under way ends."""
    return await bulk.forget_filters_about(tx, workspace_id=workspace_id, patterns=patterns)


async def open_bulk_acts(tx: Tx, *, workspace_id: int) -> list[BulkAct]:
    """Return the acts that wait or go on, oldest first."""
    return await bulk.open_acts(tx, workspace_id=workspace_id)


async def cancel_bulk(tx: Tx, *, workspace_id: int, act_id: int) -> BulkAct:
    """Stop an act. What is done stays done; what is in a hand at this moment is given up.

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
