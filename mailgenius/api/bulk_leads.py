"""Acts on all leads that match a filter, by JSON: ask, follow, stop, take back."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import ActId, Answer, Body, Id
from mailgenius.api.call import Caller, Done
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import BulkAct, BulkState, LeadAct
from mailgenius.product.leads.model import LeadStatus
from mailgenius.product.workspaces.model import Permission


class LeadFilter(Body):
    """The leads that `GET /leads` lists for the same values. An empty filter means every lead."""

    search: Annotated[str, Meta(max_length=200)] = ""
    tag: str | None = None
    status: LeadStatus | None = None


class BulkBody(Body):
    """What to do to all leads that match now; leads that come later are left alone."""

    act: LeadAct
    filter: LeadFilter = msgspec.field(default_factory=LeadFilter)
    tags: Annotated[list[str], Meta(description="For `add_tags` and `remove_tags`.")] = msgspec.field(
        default_factory=list
    )
    status: Annotated[LeadStatus | None, Meta(description="For `set_status`.")] = None
    expected: (
        Annotated[
            int,
            Meta(ge=0, description="How many leads you mean; another number is refused. `delete` needs it."),
        ]
        | None
    ) = None


class BulkAnswer(Answer):
    """An act and how far it is."""

    id: Id
    act: LeadAct
    state: BulkState
    total: Annotated[int, Meta(description="Leads that matched when it was asked for.")]
    done: Annotated[int, Meta(description="Leads dealt with.")]
    changed: Annotated[int, Meta(description="Leads that it changed.")]
    can_be_undone: bool
    created_at: datetime
    finished_at: datetime | None


def bulk_answer(act: BulkAct) -> BulkAnswer:
    return BulkAnswer(
        id=str(act.id),
        act=act.act,
        state=act.state,
        total=act.total,
        done=act.done,
        changed=act.changed,
        can_be_undone=act.can_be_undone,
        created_at=act.created_at,
        finished_at=act.finished_at,
    )


@post(
    "/leads/bulk",
    status_code=202,
    opt=needs(Permission.LEADS_WRITE),
    summary="Act on all leads that match",
    description="Queues the act and answers at once. Watch its `state` until it is no longer running.",
)
async def start_bulk(call: Caller, data: JSONBody[BulkBody]) -> Response[BulkAnswer]:
    async def work(tx: Tx) -> Done:
        act = await leads.start_bulk(
            tx,
            workspace_id=call.workspace_id,
            act=data.act,
            text=data.filter.search,
            tag=data.filter.tag,
            status_is=data.filter.status,
            tags=data.tags,
            status=data.status,
            expected=data.expected,
            created_by=call.actor.user_id,
        )
        return Done(body=bulk_answer(act), status=202)

    return await call.once(work, trusted=True)


@get("/leads/bulk/{act_id:int}", opt=needs(Permission.LEADS_READ), summary="Read an act and its progress")
async def get_bulk(call: Caller, act_id: ActId) -> BulkAnswer:
    async with call.tenant() as tx:
        return bulk_answer(await leads.bulk_act(tx, workspace_id=call.workspace_id, act_id=act_id))


@post(
    "/leads/bulk/{act_id:int}/cancel",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE),
    summary="Stop an act",
    description="What is done stays done.",
)
async def cancel_bulk(call: Caller, act_id: ActId) -> Response[BulkAnswer]:
    async def work(tx: Tx) -> Done:
        act = await leads.cancel_bulk(tx, workspace_id=call.workspace_id, act_id=act_id)
        return Done(body=bulk_answer(act), status=200)

    return await call.once(work)


@post(
    "/leads/bulk/{act_id:int}/undo",
    status_code=202,
    opt=needs(Permission.LEADS_WRITE),
    summary="Take back an act on a tag",
    description="Queues an act that takes one tag off exactly the leads that got it, or gives it back.",
)
async def undo_bulk(call: Caller, act_id: ActId) -> Response[BulkAnswer]:
    async def work(tx: Tx) -> Done:
        act = await leads.undo_bulk(
            tx, workspace_id=call.workspace_id, act_id=act_id, created_by=call.actor.user_id
        )
        return Done(body=bulk_answer(act), status=202)

    return await call.once(work)


router = Router("", route_handlers=[start_bulk, get_bulk, cancel_bulk, undo_bulk], tags=["Leads"])
