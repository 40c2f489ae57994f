"""What a person may ask for, from the page of their lead: a copy of everything, and to be erased."""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from mailgenius.kit.errors import Invalid
from mailgenius.product.leads import service as leads
from mailgenius.product.privacy import service as privacy
from mailgenius.product.privacy.model import Person
from mailgenius.product.segments import service as segments
from mailgenius.product.workspaces.model import Permission
from mailgenius.web.forms.reading import FormReader
from mailgenius.web.i18n import _
from mailgenius.web.pages.leads.listing import LEADS_PATH
from mailgenius.web.templating import Flash
from mailgenius.web.texts import message_of
from mailgenius.web.visits import CurrentVisit, Page, Visit, needs

LEAD_PATH: Final = f"{LEADS_PATH}/{{lead_id:int}}"


@get(f"{LEAD_PATH}/personal-data", opt=needs(Permission.WORKSPACE_MANAGE))
async def download(visit: CurrentVisit, lead_id: FromPath[int]) -> Response[bytes]:
    async with visit.tenant() as tx:
        found = await privacy.everything_about(
            tx, workspace_id=visit.workspace_id, person=Person(lead_id=lead_id)
        )
    headers = {"Content-Disposition": f'attachment; filename="person-{lead_id}.zip"'}
    return Response(privacy.as_zip(found), media_type="application/zip", headers=headers)


@get(f"{LEAD_PATH}/erase", opt=needs(Permission.WORKSPACE_MANAGE))
async def erase_page(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    return await _page(visit, lead_id)


@post(f"{LEAD_PATH}/erase", opt=needs(Permission.WORKSPACE_MANAGE))
async def erase(visit: CurrentVisit, lead_id: FromPath[int]) -> Page:
    typed = FormReader(await visit.request.form()).text("typed", limit=300)
    try:
        async with visit.tenant() as tx:
            done = await privacy.erase(
                tx,
                workspace_id=visit.workspace_id,
                person=Person(lead_id=lead_id),
                typed=typed,
                erased_by=visit.user.id,
            )
    except Invalid as error:
        return await _page(visit, lead_id, message_of(error))
    told = [Flash("success", _("The person was erased."))]
    if done.segment_ids:
        async with visit.tenant() as tx:
            names = [
                (await segments.get(tx, workspace_id=visit.workspace_id, segment_id=each)).name
                for each in done.segment_ids
            ]
        text = _("These segments still name the person: %(names)s. Change them.", names=", ".join(names))
        told.append(Flash("warning", text))
    return visit.redirect(LEADS_PATH, *told)


async def _page(visit: Visit, lead_id: int, error: str = "") -> Page:
    async with visit.tenant() as tx:
        lead = await leads.get(tx, workspace_id=visit.workspace_id, lead_id=lead_id)
        known = await privacy.find(tx, workspace_id=visit.workspace_id, person=Person(lead_id=lead_id))
    title = lead.name or known.name
    return visit.html(
        "leads/erase.html", code=422 if error else 200, lead=lead, title=title, wanted=known.name, error=error
    )


HANDLERS: Final = (download, erase_page, erase)
