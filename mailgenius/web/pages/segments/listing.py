"""The list of segments, and one segment: what it means, how many it has, who they are."""

from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath

from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.errors import Invalid
from mailgenius.product.segments import service as segments
from mailgenius.product.segments.model import MemberPage, Segment
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.i18n import _
from mailgenius.web.pages.segments.building import PATH
from mailgenius.web.templating import Flash
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PAGE_SIZE: Final = 50


@get(PATH, opt=needs(Permission.LEADS_READ))
async def segments_page(visit: CurrentVisit) -> Page:
    search = visit.asked("search")
    async with visit.tenant() as tx:
        page = await segments.list_segments(
            tx,
            workspace_id=visit.workspace_id,
            search=search,
            limit=PAGE_SIZE,
            cursor=visit.asked(CURSOR) or None,
        )
        sentences = {each.id: await _sentence(tx, visit, each) for each in page.items}
    values: dict[str, Any] = {
        "segments": page.items,
        "sentences": sentences,
        "search": search,
        "turn": turn(visit.request, page.next_cursor),
    }
    if visit.page.is_htmx:
        return visit.block("segments/list.html", "results", **values)
    return visit.html("segments/list.html", **values)


@get(f"{PATH}/{{segment_id:int}}", opt=needs(Permission.LEADS_READ))
async def segment_page(visit: CurrentVisit, segment_id: FromPath[int]) -> Page:
    async with visit.trusted() as tx:
        segment = await segments.get(tx, workspace_id=visit.workspace_id, segment_id=segment_id)
        if visit.page.is_htmx:  # It asks again and again while a count is under way.
            return visit.block("segments/one.html", "size", segment=segment)
        sentence = await _sentence(tx, visit, segment)
        page = MemberPage(items=(), next_cursor=None)
        if sentence:
            page = await segments.members(
                tx,
                workspace_id=visit.workspace_id,
                segment_id=segment_id,
                limit=PAGE_SIZE,
                cursor=visit.asked(CURSOR) or None,
            )
    return visit.html(
        "segments/one.html",
        segment=segment,
        sentence=sentence,
        members=page.items,
        turn=turn(visit.request, page.next_cursor),
    )


@post(
    f"{PATH}/{{segment_id:int}}/count",
    opt=needs(Permission.LEADS_READ) | unnoted("counts, and keeps the number"),
)
async def count_members(visit: CurrentVisit, segment_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await segments.ask_count(tx, workspace_id=visit.workspace_id, segment_id=segment_id)
    return visit.redirect(f"{PATH}/{segment_id}", Flash("info", _("The members are being counted.")))


@post(f"{PATH}/{{segment_id:int}}/archive", opt=needs(Permission.LEADS_WRITE))
async def archive_segment(visit: CurrentVisit, segment_id: FromPath[int]) -> Page:
    async with visit.tenant() as tx:
        await segments.archive(tx, workspace_id=visit.workspace_id, segment_id=segment_id)
    return visit.redirect(PATH, Flash("success", _("The segment was archived.")))


async def _sentence(tx: Any, visit: Visit, segment: Segment) -> str:
    """What a segment means; empty when it no longer fits the fields."""
    try:
        return await segments.describe_tree(
            tx, workspace_id=visit.workspace_id, tree=segment.tree, locale=visit.page.locale
        )
    except Invalid:
        return ""


HANDLERS: Final = (segments_page, segment_page, count_members, archive_segment)
