"""Acts on all leads that match a filter, by JSON: ask, follow, stop, take back."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody
from msgspec import Meta

from mailgenius.api.access import needs
from mailgenius.api.bodies import ActId, Answer, Body, CampaignId, Id
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import Fields
from mailgenius.api.moments import zoned
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.campaigns import service as campaigns
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import BulkAct, BulkState, LeadAct, Wanted
from mailgenius.product.leads.model import LeadStatus, Span
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Permission

MAX_SELECTED = 10_000


class LeadFilter(Body):
    """The leads that `GET /leads` lists for the same values. An empty filter means every lead."""

    search: Annotated[str, Meta(max_length=200)] = ""
    tag: str | None = None
    status: LeadStatus | None = None
    fields: Annotated[
        dict[str, str], Meta(description="Values of custom fields, by key.", examples=[{"city": "Recife"}])
    ] = msgspec.field(default_factory=dict)
    created_since: datetime | None = None
    created_until: Annotated[datetime | None, Meta(description="Before this moment.")] = None
    updated_since: datetime | None = None
    updated_until: Annotated[datetime | None, Meta(description="Before this moment.")] = None
    segment_id: Annotated[Id | None, Meta(description="Only members of this segment.")] = None
    ids: Annotated[list[Id], Meta(max_length=MAX_SELECTED, description="Only these leads, by id.")] | None = (
        None
    )

    def as_wanted(self) -> Wanted:
        ids = None if self.ids is None else [int(each) for each in self.ids]
        return Wanted(
            text=self.search,
            tag=self.tag,
            status=self.status,
            fields=self.fields,
            created=Span(since=zoned(self.created_since), until=zoned(self.created_until)),
            updated=Span(since=zoned(self.updated_since), until=zoned(self.updated_until)),
            lead_ids=ids,
        )


class CountAnswer(Answer):
    """How many leads match."""

    total: int


class BulkBody(Body):
    """What to do to all leads that match now; leads that come later are left alone."""

    act: LeadAct
    filter: LeadFilter = msgspec.field(default_factory=LeadFilter)
    tags: Annotated[list[str], Meta(description="For `add_tags` and `remove_tags`.")] = msgspec.field(
        default_factory=list
    )
    status: Annotated[LeadStatus | None, Meta(description="For `set_status`.")] = None
    fields: (
        Annotated[
            Fields, Meta(description="For `set_fields`: custom fields and their values; null takes one away.")
        ]
        | None
    ) = None
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
    total_is_estimate: Annotated[bool, Meta(description="Until its end, when they have been counted.")]
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
        total_is_estimate=act.total_is_estimate,
        done=act.done,
        changed=act.changed,
        can_be_undone=act.can_be_undone,
        created_at=act.created_at,
        finished_at=act.finished_at,
    )


async def meant(tx: Tx, call: Caller, given: LeadFilter, *, segment_id: str | None = None) -> Wanted:
    """Return the leads that a body means, its segment compiled."""
    named = segment_id or given.segment_id
    return await segments.within(
        tx,
        workspace_id=call.workspace_id,
        segment_id=int(named) if named else None,
        wanted=given.as_wanted(),
    )


@post(
    "/leads/count",
    status_code=200,
    opt=needs(Permission.LEADS_READ) | unnoted("counts"),
    summary="Count the leads that match",
    description="One by one: the number that `expected` of an act asks for. `GET /leads` is quicker and may"
    " guess.",
)
async def count_leads(call: Caller, data: JSONBody[LeadFilter]) -> CountAnswer:
    async with call.trusted() as tx:
        wanted = await meant(tx, call, data)
        found = await leads.matching_counted(tx, workspace_id=call.workspace_id, wanted=wanted)
    return CountAnswer(total=found.total)


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
            wanted=await meant(tx, call, data.filter),
            tags=data.tags,
            status=data.status,
            fields=data.fields,
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


@post(
    "/campaigns/{campaign_id:int}/exclusions",
    status_code=202,
    opt=needs(Permission.CAMPAIGNS_WRITE),
    summary="Leave leads out of a campaign",
    description="For drafts and scheduled campaigns. Tags the leads that match now in the background, with a"
    " tag that the audience excludes; the campaign is not launched before that is done. Undo lets them in.",
)
async def exclude_leads(
    call: Caller, campaign_id: CampaignId, data: JSONBody[LeadFilter]
) -> Response[BulkAnswer]:
    async def work(tx: Tx) -> Done:
        act = await campaigns.exclude_leads(
            tx,
            workspace_id=call.workspace_id,
            campaign_id=campaign_id,
            wanted=await meant(tx, call, data),
            created_by=call.actor.user_id,
        )
        return Done(body=bulk_answer(act), status=202)

    return await call.once(work, trusted=True)


router = Router(
    "",
    route_handlers=[count_leads, start_bulk, get_bulk, cancel_bulk, undo_bulk, exclude_leads],
    tags=["Leads"],
)
