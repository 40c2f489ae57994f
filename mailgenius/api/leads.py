"""Leads by JSON: upsert, batch, search, read, change, delete."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, Router, delete, get, patch, post
from litestar.openapi import ResponseSpec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mailgenius.api.access import needs
from mailgenius.api.bodies import Cursor, LeadId, Limit
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import (
    BatchAnswer,
    LeadAnswer,
    LeadBatch,
    LeadBody,
    LeadChanges,
    LeadPage,
    RejectedLead,
    TagAnswer,
    TagList,
    Upserted,
    lead_answer,
    upserted_answer,
)
from mailgenius.api.moments import zoned
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import invalid
from mailgenius.kit.paging import checked_limit
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.bulk_model import Wanted
from mailgenius.product.leads.errors import LeadJoined
from mailgenius.product.leads.model import LeadSort, LeadStatus, Span, Upserted as StoredLead
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Permission

ASKED_FIELD = "field."
LEADS_PATH = "/api/v1/leads"
BATCH_BYTES = 32 << 20
SegmentAsked = Annotated[
    str | None,
    QueryParameter(
        pattern="^[1-9][0-9]{0,17}$",
        description="Only members of the segment with this id, newest first. A page may be short, even empty,"
        " while more follow.",
    ),
]
Selection = Annotated[
    str | None,
    QueryParameter(
        name="fields",
        description="Only these parts of each lead, with commas: `email,fields.city`. The id always comes.",
    ),
]


@post(
    "/leads",
    opt=needs(Permission.LEADS_WRITE) | unnoted("taken in by thousands: the leads tell it themselves"),
    summary="Create or update a lead",
    description="Finds the lead by external id, e-mail or phone and merges the values; else creates it.",
    responses={200: ResponseSpec(Upserted, description="It existed and was updated.")},
)
async def upsert_lead(call: Caller, data: JSONBody[LeadBody]) -> Response[Upserted]:
    async def work(tx: Tx) -> Done:
        return _upserted(
            await leads.upsert(tx, workspace_id=call.workspace_id, lead=data.as_input(), source="api")
        )

    if call.has_key:
        return await call.once(work)  # Its answer is kept in a commit of its own.
    done = _upserted(await call.arriving.upsert(call.actor, data.as_input()))
    return Response(done.body, status_code=done.status)


def _upserted(done: StoredLead) -> Done:
    return Done(body=upserted_answer(done), status=201 if done.created else 200)


@post(
    "/leads/batch",
    status_code=200,
    opt=needs(Permission.LEADS_WRITE) | unnoted("taken in by thousands: the leads tell it themselves"),
    request_max_body_size=BATCH_BYTES,
    summary="Create or update many leads",
    description="Each lead stands for itself: one that is rejected does not stop the others.",
)
async def upsert_batch(call: Caller, data: JSONBody[LeadBatch]) -> Response[BatchAnswer]:
    async def work(tx: Tx) -> Done:
        result = await leads.upsert_batch(
            tx,
            workspace_id=call.workspace_id,
            leads=[lead.as_input() for lead in data.leads],
            mode=data.mode,
            source="api",
        )
        rejected = [RejectedLead(index=item.index, reason=item.reason) for item in result.rejected]
        body = BatchAnswer(
            created=result.created, updated=result.updated, unchanged=result.unchanged, rejected=rejected
        )
        return Done(body=body, status=200)

    return await call.once(work)


@get(
    "/leads",
    opt=needs(Permission.LEADS_READ),
    summary="List and search leads",
    description="`search` looks for the beginnings of words in names, e-mails, phones, ids. A custom field is"
    " asked for by its key: `?field.city=Recife`; at most five. A cursor belongs to its filters and order.",
)
async def list_leads(
    call: Caller,
    *,
    search: Annotated[str, QueryParameter(max_length=200)] = "",
    tag: FromQuery[str | None] = None,
    status: FromQuery[LeadStatus | None] = None,
    segment_id: SegmentAsked = None,
    created_since: FromQuery[datetime | None] = None,
    created_until: FromQuery[datetime | None] = None,
    updated_since: FromQuery[datetime | None] = None,
    updated_until: FromQuery[datetime | None] = None,
    sort: FromQuery[LeadSort] = LeadSort.NEWEST,
    limit: Limit = None,
    cursor: Cursor = None,
    selection: Selection = None,
) -> Response[LeadPage]:
    wanted = Wanted(
        text=search,
        tag=tag,
        status=status,
        fields=_asked_fields(call),
        created=Span(since=zoned(created_since), until=zoned(created_until)),
        updated=Span(since=zoned(updated_since), until=zoned(updated_until)),
    )
    async with call.trusted() as tx:
        page = await segments.list_leads(
            tx,
            workspace_id=call.workspace_id,
            segment_id=int(segment_id) if segment_id else None,
            wanted=wanted,
            sort=sort,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    chosen = _selection(selection)
    # A selection leaves parts of the documented answer out, so the body is a plain object.
    body: Any = {
        "items": [_selected(lead_answer(lead), chosen) for lead in page.items],
        "next_cursor": page.next_cursor,
        "total": page.total,
        "total_is_estimate": page.total_is_estimate,
    }
    return Response(body)


@get(
    "/leads/{lead_id:int}",
    opt=needs(Permission.LEADS_READ),
    summary="Read a lead",
    description="The id of a lead that was merged into another answers with that one: its `id` is another,"
    " and `Content-Location` names it.",
)
async def get_lead(call: Caller, lead_id: LeadId, selection: Selection = None) -> Response[LeadAnswer]:
    place = {}
    async with call.tenant() as tx:
        try:
            lead = await leads.get(tx, workspace_id=call.workspace_id, lead_id=lead_id)
        except LeadJoined as gone:
            lead = await leads.get(tx, workspace_id=call.workspace_id, lead_id=gone.kept_id)
            place = {"Content-Location": f"{LEADS_PATH}/{lead.id}"}
    return Response(_selected(lead_answer(lead), _selection(selection)), headers=place)


@patch(
    "/leads/{lead_id:int}",
    opt=needs(Permission.LEADS_WRITE),
    summary="Change a lead",
    description="Given custom fields are merged key by key, null takes one away; given tags become the tags.",
)
async def change_lead(call: Caller, lead_id: LeadId, data: JSONBody[LeadChanges]) -> LeadAnswer:
    async with call.tenant() as tx:
        lead = await leads.update(
            tx, workspace_id=call.workspace_id, lead_id=lead_id, changes=data.as_input()
        )
    return lead_answer(lead)


@delete("/leads/{lead_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Delete a lead")
async def delete_lead(call: Caller, lead_id: LeadId) -> None:
    async with call.tenant() as tx:
        await leads.get(tx, workspace_id=call.workspace_id, lead_id=lead_id)
        await leads.delete(tx, workspace_id=call.workspace_id, lead_ids=[lead_id])


@get("/tags", opt=needs(Permission.LEADS_READ), summary="List the tags of leads")
async def list_tags(call: Caller) -> TagList:
    async with call.tenant() as tx:
        found = await leads.tags(tx, workspace_id=call.workspace_id)
    return TagList(items=[TagAnswer(tag=item.tag, count=item.n) for item in found])


def _asked_fields(call: Caller) -> dict[str, str]:
    """Read `field.<key>=value`; an empty value asks for nothing."""
    given = call.request.query_params
    names = [name for name in given if name.startswith(ASKED_FIELD)]
    return {name.removeprefix(ASKED_FIELD): str(given[name]) for name in names if given[name]}


def _selection(text: str | None) -> frozenset[str] | None:
    """Read `fields=`; None means everything."""
    if text is None:
        return None
    chosen = frozenset(part.strip() for part in text.split(",") if part.strip())
    known = frozenset(LeadAnswer.__struct_fields__)
    unknown = sorted(part for part in chosen if part not in known and not part.startswith("fields."))
    if unknown or not chosen:
        raise invalid("fields", f"unknown: {', '.join(unknown)}" if unknown else "names nothing")
    return chosen


def _selected(lead: LeadAnswer, chosen: frozenset[str] | None) -> Any:
    """Leave out what was not asked for. The id always stays, so that every item can be told apart."""
    if chosen is None:
        return lead
    parts = {"id": lead.id} | {
        name: getattr(lead, name) for name in LeadAnswer.__struct_fields__ if name in chosen
    }
    keys = [part.removeprefix("fields.") for part in chosen if part.startswith("fields.")]
    if keys and "fields" not in chosen:
        parts["fields"] = {key: lead.fields[key] for key in sorted(keys) if key in lead.fields}
    return parts


router = Router(
    "",
    route_handlers=[upsert_lead, upsert_batch, list_leads, get_lead, change_lead, delete_lead, list_tags],
    tags=["Leads"],
)
