"""One request of the pages: who asks, in which workspace, what every page knows, and the answers to give.

`Visit` is all that a page handler needs. `arrivals` makes it, the guard `admit` lets it in or not.
Cookies and headers are `security`; what an error looks like is `failures`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, cast

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.handlers.base import BaseRouteHandler
from litestar.params import SkipValidation

from mailgenius.kit.audit.model import UNNOTED
from mailgenius.kit.db.database import DOOR_TIMEOUT, Database
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.doers import Doer, DoerKind
from mailgenius.kit.errors import Forbidden, NotFound, Unauthenticated
from mailgenius.kit.paging import LARGEST_ID
from mailgenius.kit.services import Services
from mailgenius.product.workspaces.model import Actor, Permission, Session, User, Workspace
from mailgenius.web import notes, security
from mailgenius.web.templating import (
    Flash,
    PageContext,
    render,
    render_block,
)

PageRequest = Request[Any, Any, Any]
Page = Response[str]


ACCESS: Final = "access"
ANYONE: Final[dict[str, Any]] = {ACCESS: "anyone"}
"""Route options of pages that need no sign-in."""
NEWCOMER: Final[dict[str, Any]] = {ACCESS: "newcomer"}
"""Route options of pages for every signed-in person, also before the first password is changed."""
SIGNED_IN: Final[dict[str, Any]] = {ACCESS: "signed_in"}
"""Route options of pages for signed-in persons, also those who are a member of no workspace."""
MEMBER: Final[dict[str, Any]] = {ACCESS: "member"}
"""Route options of pages for every member of the current workspace, whatever the role."""


class PasswordChangeDue(Forbidden):
    """Choose your own password first."""


class NoWorkspace(Forbidden):
    """You are not a member of any workspace."""


class OnlyInstallationOwner(Forbidden):
    """Only the owner of this installation can do this."""


def needs(permission: Permission) -> dict[str, Any]:
    """Route options of pages that ask for a permission in the current workspace."""
    return {ACCESS: permission}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request with its visitor. Made once per request."""

    request: PageRequest
    services: Services
    page: PageContext
    session: Session | None = None
    workspace: Workspace | None = None
    guest_mark: str = ""
    """Set when this browser has no session; also when the cookie must be set with the answer."""
    revealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values that are shown once, on the page after the act that made them: a new key, a first password."""

    @property
    def signed_in(self) -> Session:
        """The session.

        Raises:
            Unauthenticated: nobody is signed in.
        """
        if self.session is None:
            raise Unauthenticated
        return self.session

    @property
    def user(self) -> User:
        return self.signed_in.user

    @property
    def actor(self) -> Actor:
        """The person as an actor of the current workspace.

        Raises:
            NoWorkspace: they are a member of none.
        """
        actor = self.signed_in.actor
        if actor is None:
            raise NoWorkspace
        return actor

    @property
    def workspace_id(self) -> int:
        return self.actor.workspace_id

    @property
    def here(self) -> Workspace:
        """The current workspace."""
        if self.workspace is None:
            raise NoWorkspace
        return self.workspace

    @property
    def token(self) -> str:
        """The secret of the session cookie."""
        return security.read_cookie(self.request, security.SESSION_COOKIE, self.services.settings)

    def may(self, permission: str) -> bool:
        """Whether the person has the permission, such as `leads:write`; `may` in templates."""
        actor = self.session.actor if self.session else None
        return actor is not None and actor.may(Permission(permission))

    @property
    def doer(self) -> Doer:
        """Who asks, as the audit log names them."""
        address = security.client_ip(self.request, self.services.settings)
        if self.session is None:
            return Doer(kind=DoerKind.VISITOR, address=address)
        return Doer(kind=DoerKind.PERSON, id=self.user.id, name=self.user.email, address=address)

    @property
    def db(self) -> Database:
        """The database as this visitor's: what a post changes must leave an entry in the audit log."""
        request = self.request
        answerable = request.method not in security.SAFE_METHODS and UNNOTED not in request.route_handler.opt
        return self.services.db.acting(self.doer, answerable=answerable)

    def tenant(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that sees only the current workspace."""
        return self.db.tenant(self.workspace_id)

    def trusted(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction for search, people and sessions; every statement names its workspace."""
        return self.db.trusted(limit=DOOR_TIMEOUT)

    def asked(self, name: str) -> str:
        """A value from the address, such as `?search=`; empty when it is not there."""
        return str(self.request.query_params.get(name, "")).strip().replace("\0", "")

    def html(self, template: str, /, *, code: int = 200, **values: object) -> Page:
        """A whole page."""
        text = render(template, page=self.page, may=self.may, **values)
        return Response(text, status_code=code, media_type=MediaType.HTML, cookies=self._cookies())

    def block(self, template: str, block: str, /, *, code: int = 200, **values: object) -> Page:
        """One block of a page, for htmx to put in."""
        text = render_block(template, block, page=self.page, may=self.may, **values)
        # The same address gives the whole page too, so a cache must tell them apart.
        headers = {"Vary": "HX-Request"}
        return Response(text, status_code=code, media_type=MediaType.HTML, headers=headers)

    def redirect(
        self,
        path: str,
        *flashes: Flash,
        reveal: Mapping[str, str] | None = None,
        cookies: Sequence[Cookie] = (),
    ) -> Page:
        """Go to another page of ours, with a message for it. htmx is told in its own way."""
        noted = self._noted(flashes, reveal or {}) if flashes or reveal else []
        if self.page.is_htmx:
            return Response(
                "",
                status_code=200,
                media_type=MediaType.HTML,
                headers={"HX-Redirect": path},
                cookies=[*noted, *cookies],
            )
        return Response(
            "",
            status_code=303,
            media_type=MediaType.HTML,
            headers={"Location": path},
            cookies=[*noted, *cookies],
        )

    def nothing(self) -> Page:
        """Done, and nothing to show: for htmx."""
        return Response("", status_code=204)

    def _noted(self, flashes: Sequence[Flash], reveal: Mapping[str, str]) -> list[Cookie]:
        sealed = notes.seal(flashes, reveal, keys=self.services.keys, owner=self.page.csrf_token)
        settings = self.services.settings
        return [security.make_cookie(security.NOTES_COOKIE, sealed, settings, seconds=notes.SECONDS)]

    def _cookies(self) -> list[Cookie]:
        """What a whole page sets: the mark of a new guest, and the end of notes that were just shown."""
        settings = self.services.settings
        cookies = []
        if self.guest_mark:
            cookies.append(security.make_cookie(security.GUEST_COOKIE, self.guest_mark, settings))
        if security.read_cookie(self.request, security.NOTES_COOKIE, settings):
            cookies.append(security.no_cookie(security.NOTES_COOKIE, settings))
        return cookies


CurrentVisit = NamedDependency[SkipValidation[Visit]]
"""How a handler asks for its visit: `async def page(visit: CurrentVisit) -> Page`."""


def visit_of(request: PageRequest) -> Visit:
    """The visit that the middleware made: the dependency `visit` of handlers."""
    visit: Visit = request.scope["state"]["visit"]
    return visit


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request in: the guard of every route. A route that names no access rule is closed.

    Raises:
        CrossSiteRequest: another site made the browser send it.
        Unauthenticated: nobody is signed in.
        PasswordChangeDue: the first password is still the one that was given.
        NoWorkspace: the person is a member of no workspace.
        NotAllowed: the role lacks the permission.
        NotFound: an id in the address cannot exist.
    """
    if handler.opt.get("no_visit") or connection.scope.get("method") == "OPTIONS":
        return
    request = cast("PageRequest", connection)
    visit = visit_of(request)
    access = handler.opt.get(ACCESS)
    if access is None:
        raise Forbidden
    if access != "anyone" and visit.session is None:
        raise Unauthenticated
    await security.check_cross_site(request, token=visit.page.csrf_token, settings=visit.services.settings)
    if access not in {"anyone", "newcomer"} and visit.user.must_change_password:
        raise PasswordChangeDue
    if access not in {"anyone", "newcomer", "signed_in"}:
        actor = visit.actor
        if access != "member":
            actor.require(Permission(access))
    if any(isinstance(value, int) and not 0 < value <= LARGEST_ID for value in request.path_params.values()):
        raise NotFound
