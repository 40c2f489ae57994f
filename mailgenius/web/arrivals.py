"""Who comes with a request: the session is looked up and the visit made, before any page sees it."""

from collections.abc import Sequence
from typing import cast, get_args

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from mailgenius.kit.db.database import DOOR_TIMEOUT
from mailgenius.kit.services import Services
from mailgenius.product.workspaces import service as workspaces
from mailgenius.product.workspaces.model import Session, Workspace
from mailgenius.web import i18n, notes, security
from mailgenius.web.templating import PageContext, PageUser, PageWorkspace, Theme
from mailgenius.web.visits import PageRequest, Visit


class VisitMiddleware(ASGIMiddleware):
    """Finds out who asks and speaks their language for the rest of the request."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "no_visit"

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: PageRequest = Request(scope, receive, send)
        visit = await open_visit(self._services, request)
        scope["state"]["visit"] = visit
        with i18n.use_locale(visit.page.locale):
            await next_app(scope, receive, send)


async def open_visit(services: Services, request: PageRequest) -> Visit:
    """Look up the session of a request and gather what its page will show."""
    token = security.read_cookie(request, security.SESSION_COOKIE, services.settings)
    if not token:
        return guest_visit(services, request)
    async with services.db.trusted(limit=DOOR_TIMEOUT) as tx:
        session = await workspaces.session_of(tx, token=token)
        if session is None:
            return guest_visit(services, request)
        mine = await workspaces.list_workspaces(tx, user_id=session.user.id)
    return _member_visit(services, request, session, mine)


def guest_visit(services: Services, request: PageRequest) -> Visit:
    """The visit of a browser without a session."""
    mark = security.read_cookie(request, security.GUEST_COOKIE, services.settings)
    if not security.is_guest_mark(mark):
        mark = security.new_guest_mark()
    csrf_token = security.guest_csrf_token(mark, services.keys)
    told = _told(services, request, csrf_token)
    page = PageContext(
        locale=_locale_of(security.read_cookie(request, security.LOCALE_COOKIE, services.settings), request),
        csrf_token=csrf_token,
        csp_nonce=security.nonce_of(request.scope),
        path=request.url.path,
        flashes=told.flashes,
        is_htmx=_is_htmx(request),
    )
    return Visit(request=request, services=services, page=page, guest_mark=mark)


def _member_visit(
    services: Services, request: PageRequest, session: Session, mine: Sequence[Workspace]
) -> Visit:
    user = session.user
    workspace = next((each for each in mine if each.id == session.workspace_id), None)
    told = _told(services, request, session.csrf_token)
    page = PageContext(
        locale=_locale_of(user.locale, request),
        timezone=workspace.timezone if workspace else "UTC",
        theme=cast("Theme", user.theme) if user.theme in get_args(Theme) else "auto",
        csrf_token=session.csrf_token,
        csp_nonce=security.nonce_of(request.scope),
        user=PageUser(user.name or user.email, user.email),
        workspace=PageWorkspace(workspace.id, workspace.name) if workspace else None,
        workspaces=tuple(PageWorkspace(each.id, each.name) for each in mine),
        role=session.role or "",
        path=request.url.path,
        flashes=told.flashes,
        is_htmx=_is_htmx(request),
    )
    return Visit(
        request=request,
        services=services,
        page=page,
        session=session,
        workspace=workspace,
        revealed=told.revealed,
    )


def _locale_of(chosen: str, request: PageRequest) -> i18n.Locale:
    """The language that the person chose, else the browser's."""
    if chosen in i18n.LOCALES:
        return i18n.as_locale(chosen)
    return i18n.negotiate(request.headers.get("accept-language"))


def _told(services: Services, request: PageRequest, owner: str) -> notes.Notes:
    """The notes for this page. A fragment leaves them for the next whole page."""
    sealed = security.read_cookie(request, security.NOTES_COOKIE, services.settings)
    if not sealed or _is_htmx(request):
        return notes.NONE
    return notes.unseal(sealed, keys=services.keys, owner=owner)


def _is_htmx(request: PageRequest) -> bool:
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"
