"""What the hands of an act on many leads do: lay the next leads out, or deal with some that lie there.

To lay out is to look at a stretch of leads by id, put those that match down as a part, and move the act's
bookmark behind them. One hand at a time does that, and it is quick. Any number of hands deal with parts, each
in one transaction with its progress. So each lead is dealt with once, whoever is killed, even where the act
itself changes what the filter asks for; and nothing is committed for an act that was stopped.
"""

from collections.abc import Sequence

from mailgenius.kit.db.queries import Fragment
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import bulk, queries
from mailgenius.product.leads.bulk_model import OPEN, BulkAct, LeadAct, Stretch
from mailgenius.product.leads.conditions import condition_of
from mailgenius.product.leads.errors import BulkActOver
from mailgenius.product.leads.service import meaning
from mailgenius.product.leads.service.changing import delete, set_status
from mailgenius.product.leads.service.noting import note_act


async def lay_out_part(tx: Tx, *, workspace_id: int, act_id: int, members: Fragment | None = None) -> bool:
    """Lay the next leads of an act out; false when there is no more to lay out. Wants a trusted transaction.

    It never goes back: a second run goes on behind what the last one laid out. `members` is what the segment
    of the act's filter says, compiled.
    """
    act = await bulk.lock(tx, workspace_id=workspace_id, act_id=act_id)
    more = act.state in OPEN and act.cursor < act.until_id
    if more:
        find = (
            _next(tx, workspace_id, act, members) if act.undoes is None else _changed(tx, workspace_id, act)
        )
        await bulk.lay_out(tx, workspace_id=workspace_id, act_id=act_id, found=await find)
    await _finish(tx, workspace_id, act_id)
    return more


async def do_part(tx: Tx, *, workspace_id: int, act_id: int, members: Fragment | None = None) -> bool:
    """Deal with leads of an act that lie there; false when none do, or all are in other hands.

    Wants a trusted transaction.

    Raises:
        BulkActOver: it was stopped meanwhile: what this transaction did is to be given up.
    """
    part = await bulk.take_part(tx, workspace_id=workspace_id, act_id=act_id)
    if part is None:
        return False
    act = await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)
    if act.state not in OPEN:
        raise BulkActOver
    await queries.plan_for_values(tx)
    # Those that still match when nobody else has them. What an act changed is taken back from all of them.
    condition = condition_of(act.match, members=members)
    held = await bulk.hold(tx, workspace_id=workspace_id, condition=condition, lead_ids=part.lead_ids)
    changed = await _do(tx, workspace_id, act, held) if held else 0
    settled = await bulk.settle_part(
        tx, workspace_id=workspace_id, act_id=act_id, part_id=part.id, done=len(held), changed=changed
    )
    if not settled:
        raise BulkActOver
    await _finish(tx, workspace_id, act_id)
    return True


async def may_help(tx: Tx) -> bool:
    """Whether a further hand may take part: while messages wait to be sent, an act has one hand only."""
    return not await bulk.sending_waits(tx)


async def _finish(tx: Tx, workspace_id: int, act_id: int) -> None:
    if await bulk.finish(tx, workspace_id=workspace_id, act_id=act_id):
        act = await bulk.get(tx, workspace_id=workspace_id, act_id=act_id)
        await note_act(tx, "bulk_act.finished", workspace_id=workspace_id, act=act)


async def _next(tx: Tx, workspace_id: int, act: BulkAct, members: Fragment | None) -> Stretch:
    return await meaning.next_matching(
        tx,
        workspace_id=workspace_id,
        match=act.match,
        members=members,
        after_id=act.cursor,
        until_id=act.until_id,
    )


async def _changed(tx: Tx, workspace_id: int, act: BulkAct) -> Stretch:
    """Find the next leads that the act which is taken back had changed."""
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
