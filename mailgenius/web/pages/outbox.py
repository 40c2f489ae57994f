"""The sandbox's outbox: every message that was delivered on this machine, as its recipient would see it."""

import asyncio
from typing import Any, Final

from litestar import Response, Router, get, post
from litestar.params import FromPath

from mailgenius.channels.sandbox.outbox import Outbox, OutboxEntry, OutboxMessage
from mailgenius.kit.audit import service as audit
from mailgenius.kit.errors import NotFound
from mailgenius.kit.paging import decode_cursor, page_of
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.framed import framed
from mailgenius.web.i18n import _
from mailgenius.web.templating import Flash
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/outbox"
PAGE_SIZE: Final = 50


class OutboxMessageMissing(NotFound):
    """This message is not in the outbox."""


@get(PATH, opt=needs(Permission.CAMPAIGNS_READ))
async def outbox_page(visit: CurrentVisit) -> Page:
    search = visit.asked("search")
    key = decode_cursor(visit.asked("cursor"), tuple[int])
    outbox = Outbox(visit.services.settings.home)
    rows = await asyncio.to_thread(
        outbox.list,
        visit.workspace_id,
        recipient_contains=search,
        limit=PAGE_SIZE + 1,
        before_id=key[0] if key else None,
    )
    page = page_of(rows, limit=PAGE_SIZE, key=_key)
    values: dict[str, Any] = {
        "entries": page.items,
        "next_cursor": page.next_cursor,
        "search": search,
        "total": await asyncio.to_thread(outbox.count, visit.workspace_id),
    }
    if visit.page.is_htmx:
        return visit.block("outbox/list.html", "results", **values)
    return visit.html("outbox/list.html", **values)


@get(f"{PATH}/{{message_id:int}}", opt=needs(Permission.CAMPAIGNS_READ))
async def outbox_message_page(visit: CurrentVisit, message_id: FromPath[int]) -> Page:
    return visit.html("outbox/message.html", message=await _message(visit, message_id))


@get(f"{PATH}/{{message_id:int}}/body", opt=needs(Permission.CAMPAIGNS_READ))
async def outbox_body(visit: CurrentVisit, message_id: FromPath[int]) -> Page:
    """The HTML of a message, for the frame: links work, scripts do not."""
    message = await _message(visit, message_id)
    return framed(message.html or f"<pre>{_escaped(message.text)}</pre>", own_images=True)


@get(f"{PATH}/{{message_id:int}}/raw", opt=needs(Permission.CAMPAIGNS_READ))
async def outbox_raw(visit: CurrentVisit, message_id: FromPath[int]) -> Response[bytes]:
    message = await _message(visit, message_id)
    return Response(
        message.raw,
        media_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="message-{message_id}.eml"'},
    )


@post(f"{PATH}/clear", opt=needs(Permission.CAMPAIGNS_SEND))
async def clear_outbox(visit: CurrentVisit) -> Page:
    outbox = Outbox(visit.services.settings.home)
    async with visit.tenant() as tx:
        await audit.note(tx, workspace_id=visit.workspace_id, action="outbox.cleared")
    await asyncio.to_thread(outbox.clear, visit.workspace_id)
    return visit.redirect(PATH, Flash("success", _("The outbox is empty.")))


async def _message(visit: Visit, message_id: int) -> OutboxMessage:
    outbox = Outbox(visit.services.settings.home)
    message = await asyncio.to_thread(outbox.get, visit.workspace_id, message_id)
    if message is None:
        raise OutboxMessageMissing
    return message


def _key(entry: OutboxEntry) -> tuple[int]:
    return (entry.message_id,)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


router = Router(
    path="",
    route_handlers=[outbox_page, outbox_message_page, outbox_body, outbox_raw, clear_outbox],
)
