"""The suppression list: looked through, added to by hand or by a file, lifted, downloaded."""

from typing import Any, Final

from litestar import Router, get, post
from litestar.response import Stream

from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.audit import service as audit
from mailgenius.kit.storage import FileTooLarge
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.service import Listed
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import N_, _, ngettext
from mailgenius.web.security import STREAMED_FORM
from mailgenius.web.templating import Flash
from mailgenius.web.texts import reason as translated
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.uploads import BODY_LIMIT, UploadRefused, receive
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

PATH: Final = "/suppressions"
PAGE_SIZE: Final = 50
MOST_LINES: Final = 10_000
MOST_TOLD: Final = 5
ENDINGS: Final = (".csv", ".txt")
REASONS: Final = {
    SuppressionReason.BLOCKED: (N_("Blocked by you"), "neutral"),
    SuppressionReason.UNSUBSCRIBED: (N_("Unsubscribed themselves"), "neutral"),
    SuppressionReason.BOUNCED: (N_("Mailbox does not exist"), "warning"),
    SuppressionReason.COMPLAINED: (N_("Marked as spam"), "danger"),
}


@get(PATH, opt=needs(Permission.LEADS_READ))
async def suppressions_page(visit: CurrentVisit) -> Page:
    search, reason = visit.asked("search")[:254], visit.asked("reason")
    async with visit.tenant() as tx:
        page = await suppression.list_suppressions(
            tx,
            workspace_id=visit.workspace_id,
            reason=SuppressionReason(reason) if reason in set(SuppressionReason) else None,
            holds=search,
            limit=PAGE_SIZE,
            cursor=visit.asked(CURSOR) or None,
        )
    values: dict[str, Any] = {
        "entries": page.items,
        "turn": turn(visit.request, page.next_cursor),
        "search": search,
        "reason": reason,
        "filtered": bool(search or reason),
        "reasons": {each.value: (_(name), kind) for each, (name, kind) in REASONS.items()},
    }
    if visit.page.is_htmx:
        return visit.block("suppressions/list.html", "results", **values)
    return visit.html("suppressions/list.html", **values)


@get(f"{PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def add_page(visit: CurrentVisit) -> Page:
    return _add_page(visit)


@post(f"{PATH}/new", opt=needs(Permission.LEADS_WRITE))
async def add_lines(visit: CurrentVisit) -> Page:
    """Put the typed lines on the list."""
    form = FormReader(await visit.request.form())
    typed = form.raw("lines")
    lines = [line for line in typed.splitlines() if line.strip()]
    if not lines:
        form.refuse("lines", _("Fill this in."))
    if len(lines) > MOST_LINES:
        form.refuse("lines", _("These are more than %(most)s lines: give them as a file.", most=MOST_LINES))
    if form.errors:
        return _add_page(visit, typed=typed, errors=form.errors)
    async with visit.tenant() as tx:
        found = await leads.suppress_listed(
            tx, workspace_id=visit.workspace_id, lines=lines, reason=SuppressionReason.BLOCKED
        )
    return visit.redirect(PATH, *_told(found))


@post(
    f"{PATH}/file",
    opt={**needs(Permission.LEADS_WRITE), STREAMED_FORM: True},
    request_max_body_size=BODY_LIMIT,
)
async def add_file(visit: CurrentVisit) -> Page:
    """Put the addresses of a file on the list, as it is read."""
    try:
        ticket = await receive(visit, folder="suppressions", endings=ENDINGS)
    except UploadRefused as error:
        return _add_page(visit, errors={"file": str(error)})
    except FileTooLarge:
        return _add_page(visit, errors={"file": _("The file is larger than 2 GB. Split it into parts.")})
    storage = visit.services.storage
    try:
        found = await leads.suppress_file(
            visit.db,
            await storage.content(ticket.key),
            workspace_id=visit.workspace_id,
            reason=SuppressionReason.BLOCKED,
            detail=ticket.name,
        )
    finally:
        await storage.delete(ticket.key)
    return visit.redirect(PATH, *_told(found))


@post(f"{PATH}/lift", opt=needs(Permission.LEADS_WRITE))
async def lift(visit: CurrentVisit) -> Page:
    """Take one address off the list."""
    form = FormReader(await visit.request.form())
    async with visit.tenant() as tx:
        lifted = await leads.lift_listed(tx, workspace_id=visit.workspace_id, lines=[form.raw("address")])
    if not lifted:
        return visit.redirect(PATH, Flash("info", _("This address was not on the list any more.")))
    return visit.redirect(PATH, Flash("success", _("Messages may go to this address again.")))


@get(f"{PATH}/suppressions.csv", opt=needs(Permission.LEADS_READ))
async def download(visit: CurrentVisit) -> Stream:
    async with visit.tenant() as tx:
        await audit.note(tx, workspace_id=visit.workspace_id, action="suppression.exported")
    rows = leads.suppressions_csv(visit.services.db, workspace_id=visit.workspace_id)
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return Stream(rows, media_type="text/csv; charset=utf-8", headers=headers)


def _add_page(visit: Visit, *, typed: str = "", errors: dict[str, str] | None = None) -> Page:
    return visit.html(
        "suppressions/add.html",
        typed=typed,
        errors=errors or {},
        endings=ENDINGS,
        code=422 if errors else 200,
    )


def _told(found: Listed) -> list[Flash]:
    text = ngettext("%(num)s entry was added.", "%(num)s entries were added.", found.changed)
    flashes = [Flash("success" if found.changed else "info", text)]
    if found.refused_lines:
        flashes.append(
            Flash(
                "warning",
                ngettext(
                    "%(num)s line was left out: %(why)s",
                    "%(num)s lines were left out, such as: %(why)s",
                    found.refused_lines,
                    why="; ".join(translated(each.reason) for each in found.refused[:MOST_TOLD]),
                ),
            )
        )
    return flashes


router = Router(path="", route_handlers=[suppressions_page, add_page, add_lines, add_file, lift, download])
