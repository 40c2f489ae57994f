"""The file of an import in chunks, which go on where the connection broke: tus 1.0 for the page's own script.

Without scripts the form sends the file at once, see `wizard`.
"""

from typing import Any, Final

from litestar import HttpMethod, Response, Router, delete, get, patch, post, route
from litestar.enums import MediaType
from litestar.exceptions import InternalServerException
from litestar.params import FromPath

from mailgenius.kit import tus
from mailgenius.kit.audit.model import unnoted
from mailgenius.kit.errors import MailGeniusError, NotFound
from mailgenius.kit.logs import logger
from mailgenius.product.uploads import service as uploads
from mailgenius.product.uploads.model import MAX_SIZE
from mailgenius.product.workspaces.model import Permission
from mailgenius.web import i18n
from mailgenius.web.failures import STATUS
from mailgenius.web.i18n import _
from mailgenius.web.pages.imports.wizard import NEW_PATH, USED
from mailgenius.web.templating import Flash
from mailgenius.web.texts import message_of
from mailgenius.web.uploads import Ticket
from mailgenius.web.visits import CurrentVisit, Page, PageRequest, needs, visit_of

UPLOADS_PATH: Final = "/imports/uploads"
log = logger(__name__)
ONE: Final = f"{UPLOADS_PATH}/{{upload_id:int}}"


@post(
    UPLOADS_PATH,
    opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted"),
)
async def begin_upload(visit: CurrentVisit) -> Response[None]:
    wanted = tus.read_wanted(visit.request.headers, limit=MAX_SIZE)
    async with visit.tenant() as tx:
        made = await uploads.create(
            tx,
            workspace_id=visit.workspace_id,
            file_name=wanted.name,
            file_size=wanted.size,
            metadata=wanted.metadata,
            created_by=visit.user.id,
        )
    place = f"{UPLOADS_PATH}/{made.id}"
    headers = tus.standing(received=0, expires_at=made.expires_at, Location=place)
    return Response(None, headers=headers)


@route(ONE, http_method=HttpMethod.HEAD, status_code=200, opt=needs(Permission.LEADS_WRITE))
async def upload_standing(visit: CurrentVisit, upload_id: FromPath[int]) -> Response[None]:
    tus.check_version(visit.request.headers)
    async with visit.tenant() as tx:
        found = await uploads.get(tx, workspace_id=visit.workspace_id, upload_id=upload_id)
    headers = tus.standing(
        received=found.received, expires_at=found.expires_at, Upload_Length=str(found.file_size)
    )
    return Response(None, headers=headers)


@patch(
    ONE,
    status_code=204,
    opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted"),
    request_max_body_size=MAX_SIZE,
)
async def send_chunk(visit: CurrentVisit, upload_id: FromPath[int]) -> Response[None]:
    found = await uploads.receive(
        visit.services.db,
        visit.services.storage,
        workspace_id=visit.workspace_id,
        upload_id=upload_id,
        chunk=tus.read_chunk(visit.request.headers),
        body=visit.request.stream(),
    )
    return Response(None, headers=tus.standing(received=found.received, expires_at=found.expires_at))


@delete(
    ONE, opt=needs(Permission.LEADS_WRITE) | unnoted("bytes on their way: what becomes of the file is noted")
)
async def give_up_upload(visit: CurrentVisit, upload_id: FromPath[int]) -> Response[None]:
    tus.check_version(visit.request.headers)
    services = visit.services
    await uploads.abandon(services.db, services.storage, workspace_id=visit.workspace_id, upload_id=upload_id)
    return Response(None, headers=tus.VERSION_HEADER)


@get(f"{ONE}/columns", opt=needs(Permission.LEADS_WRITE))
async def uploaded(visit: CurrentVisit, upload_id: FromPath[int]) -> Page:
    """Go on to the columns of a file that is whole. Loaded again, it goes there again."""
    try:
        found = await uploads.ready(
            visit.services.db, visit.services.storage, workspace_id=visit.workspace_id, upload_id=upload_id
        )
    except NotFound:
        return visit.redirect(NEW_PATH, Flash("warning", _(USED)))
    ticket = Ticket(
        workspace_id=visit.workspace_id,
        key=found.file_key,
        name=found.file_name,
        size=found.file_size,
        upload_id=found.id,
    )
    return visit.redirect(f"{NEW_PATH}/{ticket.sealed(visit.services.keys)}")


def _refused(request: PageRequest, error: MailGeniusError) -> Response[Any]:
    """Answer the script in the protocol's way, with the words that it shows."""
    if isinstance(error, tus.TusRefused):
        status, headers = error.status, error.headers
    else:
        status, headers = STATUS[error.kind], tus.VERSION_HEADER
    with i18n.use_locale(visit_of(request).page.locale):
        text = message_of(error)
    return Response(text, status_code=status, headers=headers, media_type=MediaType.TEXT)


def _broken_off(request: PageRequest, error: InternalServerException) -> Response[Any]:
    """Take a connection that breaks for what it is here: expected. Nobody reads the answer."""
    if "disconnected" not in error.detail:
        raise error
    log.info("upload interrupted", path=request.url.path)
    return Response("", status_code=400, headers=tus.VERSION_HEADER, media_type=MediaType.TEXT)


protocol: Final = Router(
    "/",
    route_handlers=[begin_upload, upload_standing, send_chunk, give_up_upload],
    exception_handlers={MailGeniusError: _refused, InternalServerException: _broken_off},
)
HANDLERS: Final = (protocol, uploaded)
