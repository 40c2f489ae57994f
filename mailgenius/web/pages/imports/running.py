"""Imports that run or ran: the history, live progress, the report, the rejected rows."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream

from mailgenius.kit import clock
from mailgenius.product.imports import service as imports
from mailgenius.product.imports.model import OPEN, Import, ImportState, place_of
from mailgenius.product.leads import service as leads
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n
from mailgenius.web.forms.imports import SKIP, target_name
from mailgenius.web.i18n import _
from mailgenius.web.pages.imports.wizard import IMPORTS_PATH, MODE_TEXTS
from mailgenius.web.pages.leads.consenting import BASIS_NAMES
from mailgenius.web.streams import Shown, live
from mailgenius.web.templating import Flash, render_block
from mailgenius.web.texts import reason, sentence
from mailgenius.web.turning import CURSOR, turn
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

IMPORT_PATH: Final = f"{IMPORTS_PATH}/{{import_id:int}}"
PAGE_SIZE: Final = 30
REJECTS_SHOWN: Final = 50


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an import is, as its page shows it."""

    running: bool
    share: float | None
    """From 0 to 1; None while nothing is known."""
    seconds: float
    per_second: float
    remaining: float | None

    @classmethod
    def of(cls, job: Import) -> "Progress":
        until = job.finished_at or clock.now()
        seconds = max((until - job.started_at).total_seconds(), 0.0) if job.started_at else 0.0
        share = _share(job)
        left = seconds * (1 - share) / share if share and seconds > 1 else None
        return cls(
            running=job.state in OPEN,
            share=share,
            seconds=seconds,
            per_second=job.rows_read / seconds if seconds else 0.0,
            remaining=left if job.state is ImportState.RUNNING else None,
        )


@get(IMPORTS_PATH, opt=needs(Permission.LEADS_READ))
async def imports_page(visit: CurrentVisit) -> Page:
    async with visit.trusted() as tx:
        page = await imports.list_imports(
            tx, workspace_id=visit.workspace_id, limit=PAGE_SIZE, cursor=visit.asked(CURSOR) or None
        )
        members = await workspaces.list_members(tx, workspace_id=visit.workspace_id)
    names = {member.user_id: member.name or member.email for member in members}
    values: dict[str, Any] = {
        "rows": [(job, Progress.of(job), names.get(job.created_by or 0, "")) for job in page.items],
        "busy": any(job.state in OPEN for job in page.items),
        "turn": turn(visit.request, page.next_cursor),
    }
    if visit.page.is_htmx:
        return visit.block("imports/list.html", "results", **values)
    return visit.html("imports/list.html", **values)


@get(IMPORT_PATH, opt=needs(Permission.LEADS_READ))
async def import_page(visit: CurrentVisit, import_id: FromPath[int]) -> Page:
    async with visit.trusted() as tx:
        job = await imports.get(tx, workspace_id=visit.workspace_id, import_id=import_id)
        members = await workspaces.list_members(tx, workspace_id=visit.workspace_id)
    names = {member.user_id: member.name or member.email for member in members}
    return visit.html(
        "imports/one.html",
        created_by=names.get(job.created_by or 0, ""),
        **await _live_values(visit, job),
    )


@get(f"{IMPORT_PATH}/events", opt=needs(Permission.LEADS_READ))
async def import_events(visit: CurrentVisit, import_id: FromPath[int]) -> Stream:
    """The progress as it goes, until the report."""
    async with visit.tenant() as tx:
        await imports.get(tx, workspace_id=visit.workspace_id, import_id=import_id)

    async def look() -> Shown:
        # The stream outlives the handler, and with it the language that the middleware had set.
        with i18n.use_locale(visit.page.locale):
            async with visit.tenant() as tx:
                job = await imports.get(tx, workspace_id=visit.workspace_id, import_id=import_id)
            values = await _live_values(visit, job)
            html = render_block("imports/one.html", "live", page=visit.page, may=visit.may, **values)
            return Shown(html=html, finished=job.state not in OPEN)

    return live(look)


@post(f"{IMPORT_PATH}/cancel", opt=needs(Permission.LEADS_WRITE))
async def cancel_import(visit: CurrentVisit, import_id: FromPath[int]) -> Page:
    """Stop an import. What is in stays in."""
    async with visit.tenant() as tx:
        await imports.cancel(tx, workspace_id=visit.workspace_id, import_id=import_id)
    text = _("The import was stopped. Leads that are in stay in.")
    return visit.redirect(f"{IMPORTS_PATH}/{import_id}", Flash("success", text))


@post(f"{IMPORT_PATH}/make", opt=needs(Permission.LEADS_WRITE))
async def make_import(visit: CurrentVisit, import_id: FromPath[int]) -> Page:
    """Import the file of a try that is done, for good."""
    async with visit.tenant() as tx:
        await imports.make(tx, workspace_id=visit.workspace_id, import_id=import_id)
    return visit.redirect(f"{IMPORTS_PATH}/{import_id}")


@get(f"{IMPORT_PATH}/rejects.csv", opt=needs(Permission.LEADS_READ))
async def rejects_file(visit: CurrentVisit, import_id: FromPath[int]) -> Stream:
    """Every rejected row with its line and reason, to mend and import again."""
    async with visit.tenant() as tx:
        job = await imports.get(tx, workspace_id=visit.workspace_id, import_id=import_id)
    name = f"rejected-{import_id}.csv"
    rows = imports.rejects_csv(visit.services.db, workspace_id=visit.workspace_id, import_id=job.id)
    return Stream(
        rows,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _live_values(visit: Visit, job: Import) -> dict[str, Any]:
    """What the part of the page that changes by itself needs."""
    rejects = []
    if job.rows_rejected and job.state not in OPEN:
        async with visit.tenant() as tx:
            rejects = await imports.rejects(
                tx, workspace_id=visit.workspace_id, import_id=job.id, limit=REJECTS_SHOWN
            )
    return {
        "job": job,
        "progress": Progress.of(job),
        "rejects": [
            (
                place_of(job.files, each.line),
                sentence(reason(each.reason)),
                [cell for cell in each.cells if cell],
                _merge_path(each.reason),
            )
            for each in rejects
        ],
        "error": reason(job.error),
        "mode": _(MODE_TEXTS[job.mode][0]),
        "basis": _(BASIS_NAMES[job.consent_basis]) if job.consent_basis else "",
        "mapping": _mapping(job),
    }


def _merge_path(said: str) -> str:
    """Where the two leads can be merged that a row points to; empty when it points to one or none."""
    match leads.named_in(said):
        case [kept_id, other_id, *_]:
            return f"/leads/{kept_id}/merge/{other_id}"
        case _:
            return ""


def _mapping(job: Import) -> list[tuple[str, str]]:
    """What each column was taken as, in the order of the file; those that were left out last."""
    known = job.mapping or {}
    found = [(header, known[header]) for header in job.columns if header in known]
    taken = [(header, target_name(target)) for header, target in found if target != SKIP]
    return taken + [(header, _("Left out")) for header, target in found if target == SKIP]


def _share(job: Import) -> float | None:
    if job.rows_total:
        return min(job.rows_read / job.rows_total, 1.0)
    if job.bytes_read and job.file_size:
        return min(job.bytes_read / job.file_size, 1.0)
    return None


HANDLERS: Final = (imports_page, import_page, import_events, cancel_import, make_import, rejects_file)
