"""Segments by JSON: create, list, read, change, archive, preview, members."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from mailgenius.api.access import needs
from mailgenius.api.bodies import Answer, Body, Cursor, FieldProblem, Id, Limit, SegmentId
from mailgenius.api.call import Caller, Done
from mailgenius.api.lead_shapes import LeadAnswer, lead_answer
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.paging import checked_limit
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.model import Segment
from mailgenius.product.workspaces.model import Permission

Name = Annotated[str, Meta(description="What people call it.", examples=["Customers on the pro plan"])]
Tree = Annotated[
    dict[str, Any],
    Meta(
        description="A group: one of all, any and none, with conditions and groups in it."
        " The how-to on segments lists the conditions.",
        examples=[
            {
                "all": [
                    {"on": "field", "key": "plan", "op": "is", "value": "pro"},
                    {"on": "behaviour", "op": "did_not", "act": "opened", "days": 30},
                ]
            }
        ],
    ),
]
Locale = Annotated[Literal["en", "pt_BR"], Meta(description="Language of the sentence.")]


class SegmentBody(Body):
    """A segment to create."""

    name: Name
    tree: Tree


class SegmentChanges(Body):
    """What to change of a segment; what is absent stays. Launched campaigns keep what it said."""

    name: Name | UnsetType = UNSET
    tree: Tree | UnsetType = UNSET


class PreviewBody(Body):
    """A tree to look at."""

    tree: Tree
    locale: Locale = "en"


class SegmentAnswer(Answer):
    """A segment."""

    id: Id
    name: Name
    tree: Tree
    members: Annotated[int | None, Meta(description="As last counted; null when its tree changed since.")]
    counted_at: datetime | None
    counting: Annotated[bool, Meta(description="Whether a count is under way.")]
    archived: bool
    created_at: datetime
    updated_at: datetime


class SegmentPage(Answer):
    """Segments, newest first."""

    items: list[SegmentAnswer]
    next_cursor: str | None


class PreviewAnswer(Answer):
    """What a tree means. With problems, the rest is empty."""

    members: Annotated[int | None, Meta(description="How many leads fulfil it.")]
    exact: Annotated[bool, Meta(description="Whether they were counted, and not estimated.")]
    sample: list[LeadAnswer]
    sentence: Annotated[str, Meta(description="The tree in plain words.")]
    problems: list[FieldProblem]


class MemberPage(Answer):
    """Members, newest first. A page may be short, even empty, while more follow."""

    items: list[LeadAnswer]
    next_cursor: str | None


@post("/segments", opt=needs(Permission.LEADS_WRITE), summary="Create a segment")
async def create_segment(call: Caller, data: JSONBody[SegmentBody]) -> Response[SegmentAnswer]:
    async def work(tx: Tx) -> Done:
        made = await segments.create(tx, workspace_id=call.workspace_id, name=data.name, tree=data.tree)
        return Done(body=segment_answer(made))

    return await call.once(work)


@get("/segments", opt=needs(Permission.LEADS_READ), summary="List segments")
async def list_segments(
    call: Caller,
    *,
    search: Annotated[str, QueryParameter(max_length=200, description="A part of the name.")] = "",
    limit: Limit = None,
    cursor: Cursor = None,
) -> SegmentPage:
    async with call.tenant() as tx:
        page = await segments.list_segments(
            tx, workspace_id=call.workspace_id, search=search, limit=checked_limit(limit), cursor=cursor
        )
    return SegmentPage(items=[segment_answer(item) for item in page.items], next_cursor=page.next_cursor)


@post(
    "/segments/preview",
    status_code=200,
    opt=needs(Permission.LEADS_READ) | unnoted("looks and changes nothing"),
    summary="Try a tree",
    description="Says about how many members a tree has, shows some, and puts it into words. Stores nothing.",
)
async def preview_tree(call: Caller, data: JSONBody[PreviewBody]) -> PreviewAnswer:
    async with call.trusted() as tx:
        shown = await segments.preview(tx, workspace_id=call.workspace_id, tree=data.tree, locale=data.locale)
    return PreviewAnswer(
        members=shown.estimate.members if shown.estimate else None,
        exact=shown.estimate.exact if shown.estimate else False,
        sample=[lead_answer(lead) for lead in shown.sample],
        sentence=shown.sentence,
        problems=[FieldProblem(field=each.field, message=each.message) for each in shown.problems],
    )


@get("/segments/{segment_id:int}", opt=needs(Permission.LEADS_READ), summary="Read a segment")
async def get_segment(call: Caller, segment_id: SegmentId) -> SegmentAnswer:
    async with call.tenant() as tx:
        found = await segments.get(tx, workspace_id=call.workspace_id, segment_id=segment_id)
    return segment_answer(found)


@patch("/segments/{segment_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Change a segment")
async def change_segment(
    call: Caller, segment_id: SegmentId, data: JSONBody[SegmentChanges]
) -> SegmentAnswer:
    async with call.tenant() as tx:
        changed = await segments.update(
            tx,
            workspace_id=call.workspace_id,
            segment_id=segment_id,
            name=None if data.name is UNSET else data.name,
            tree=None if data.tree is UNSET else data.tree,
        )
    return segment_answer(changed)


@delete("/segments/{segment_id:int}", opt=needs(Permission.LEADS_WRITE), summary="Archive a segment")
async def archive_segment(call: Caller, segment_id: SegmentId) -> None:
    async with call.tenant() as tx:
        await segments.archive(tx, workspace_id=call.workspace_id, segment_id=segment_id)


@post(
    "/segments/{segment_id:int}/count",
    status_code=202,
    opt=needs(Permission.LEADS_READ) | unnoted("counts, and keeps the number"),
    summary="Count the members of a segment",
    description="One by one, in the background: read the segment again for the number.",
)
async def count_members(call: Caller, segment_id: SegmentId) -> Response[SegmentAnswer]:
    async def work(tx: Tx) -> Done:
        asked = await segments.ask_count(tx, workspace_id=call.workspace_id, segment_id=segment_id)
        return Done(body=segment_answer(asked), status=202)

    return await call.once(work)


@get("/segments/{segment_id:int}/members", opt=needs(Permission.LEADS_READ), summary="List members")
async def list_members(
    call: Caller, segment_id: SegmentId, limit: Limit = None, cursor: Cursor = None
) -> MemberPage:
    async with call.trusted() as tx:
        page = await segments.members(
            tx,
            workspace_id=call.workspace_id,
            segment_id=segment_id,
            limit=checked_limit(limit),
            cursor=cursor,
        )
    return MemberPage(items=[lead_answer(lead) for lead in page.items], next_cursor=page.next_cursor)


def segment_answer(segment: Segment) -> SegmentAnswer:
    return SegmentAnswer(
        id=str(segment.id),
        name=segment.name,
        tree=segment.tree,
        members=segment.members,
        counted_at=segment.counted_at,
        counting=segment.counting,
        archived=segment.archived_at is not None,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
    )


router = Router(
    "",
    route_handlers=[
        create_segment,
        list_segments,
        preview_tree,
        get_segment,
        change_segment,
        archive_segment,
        count_members,
        list_members,
    ],
    tags=["Segments"],
)
