"""What a visitor sees when something goes wrong: a page, a message over the page, or the way to sign in.

The rules raise errors of a kind; here the kind becomes an HTTP status and humane words.
"""

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from mailgenius.kit.crypto import random_token
from mailgenius.kit.errors import Kind, MailGeniusError
from mailgenius.kit.logs import logger
from mailgenius.kit.services import Services
from mailgenius.product.leads.errors import LeadJoined
from mailgenius.web import i18n, security
from mailgenius.web.arrivals import guest_visit
from mailgenius.web.i18n import N_, _
from mailgenius.web.templating import Flash, render, toast
from mailgenius.web.texts import message_of
from mailgenius.web.visits import NoWorkspace, Page, PageRequest, PasswordChangeDue, Visit

SIGN_IN_PATH: Final = "/sign-in"
PASSWORD_PATH: Final = "/password"  # noqa: S105  # A path, not a secret.
NO_WORKSPACE_PATH: Final = "/no-workspace"

STATUS: Final[dict[Kind, int]] = {
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.FORBIDDEN: 403,
    Kind.UNAUTHENTICATED: 401,
    Kind.INVALID: 422,
    Kind.LIMIT: 429,
    Kind.UNAVAILABLE: 503,
}
_TITLES: Final[dict[int, str]] = {
    400: N_("We did not understand that"),
    401: N_("Sign in first"),
    403: N_("You may not do this"),
    404: N_("There is nothing here"),
    405: N_("There is nothing here"),
    409: N_("That is not possible right now"),
    410: N_("This lead is a part of another one"),
    413: N_("That is too large"),
    422: N_("Something in there is not right"),
    429: N_("Slow down a little"),
    500: N_("Something broke on our side"),
    503: N_("We will be right back"),
}
_ADVICE: Final[dict[int, str]] = {
    400: N_("The request was damaged on its way. Go back and try again."),
    401: N_("Your session has ended. Sign in and continue where you were."),
    403: N_("Ask an administrator of the workspace if you need this."),
    404: N_("The page does not exist, or it belongs to another workspace."),
    405: N_("The page does not exist, or it belongs to another workspace."),
    410: N_("It was merged into another lead, which has its history. Change that one."),
    409: N_("Somebody may have changed it meanwhile. Load the page again to see how it stands."),
    413: N_("Choose a smaller file or split it into parts."),
    422: N_("Go back, check what you entered and try again."),
    429: N_("Wait a little and try again."),
    500: N_(
        "Nothing was changed. Try again, and if it persists, tell your administrator this code: %(code)s"
    ),
    503: N_("A part of the system is away for a moment. Nothing was changed. Try again soon."),
}
_GENERIC: Final = 500
_GONE: Final = 410

log = logger(__name__)


def failure_handlers(services: Services) -> ExceptionHandlersMap:
    """Build the exception handlers of the app."""

    def expected(request: PageRequest, error: MailGeniusError) -> Page:
        visit = _visit(services, request)
        if error.kind is Kind.UNAVAILABLE:
            log.warning("part of the system is away", error=type(error).__name__, cause=str(error.__cause__))
        with i18n.use_locale(visit.page.locale):
            return (
                _gate(visit, error)
                or _followed(visit, error)
                or answer(visit, STATUS[error.kind], message_of(error))
            )

    def http(request: PageRequest, error: HTTPException) -> Page:
        visit = _visit(services, request)
        with i18n.use_locale(visit.page.locale):
            if error.status_code >= _GENERIC:
                return unexpected(request, error)
            return answer(visit, error.status_code, "")

    def unexpected(request: PageRequest, error: Exception) -> Page:
        visit = _visit(services, request)
        code = random_token(6)
        log.error("page failed", path=request.url.path, method=request.method, code=code, exc_info=error)
        with i18n.use_locale(visit.page.locale):
            return answer(visit, _GENERIC, _(_ADVICE[_GENERIC], code=code))

    handlers: dict[int | type[Exception], Any] = {
        MailGeniusError: expected,
        HTTPException: http,
        Exception: unexpected,
    }
    return handlers


def answer(visit: Visit, status: int, text: str) -> Page:
    """The failure as a page, or as a message over the page when htmx asked."""
    title = _(_TITLES.get(status, _TITLES[400]))
    advice = _ADVICE.get(status, _ADVICE[400])
    if visit.page.is_htmx:
        headers = {"HX-Trigger": toast("danger", text or _(advice)), "HX-Reswap": "none"}
        return Response("", status_code=status, media_type=MediaType.HTML, headers=headers)
    body = render(
        "layout/error.html",
        page=visit.page,
        status=status,
        title=title,
        text=text or _(advice),
        back=_way_back(visit),
    )
    return Response(body, status_code=status, media_type=MediaType.HTML)


def _gate(visit: Visit, error: MailGeniusError) -> Page | None:
    """The page that a visitor must see before any other, when that is what stopped them."""
    if isinstance(error, PasswordChangeDue):
        return visit.redirect(PASSWORD_PATH)
    if isinstance(error, NoWorkspace):
        return visit.redirect(NO_WORKSPACE_PATH)
    # A fragment answers 401: the script then loads the page again, which leads here.
    if error.kind is Kind.UNAUTHENTICATED and visit.session is None and not visit.page.is_htmx:
        return visit.redirect(_sign_in_path(visit.request))
    return None


def _followed(visit: Visit, error: MailGeniusError) -> Page | None:
    """The same page of the lead that the one in the address was merged into, changed by name only."""
    place = error.follow(visit.request.url.path) if isinstance(error, LeadJoined) else None
    if place is None:
        return None
    if visit.request.method not in security.SAFE_METHODS:
        return answer(visit, _GONE, message_of(error))
    text = _("The lead %(id)s was merged into this one.", id=error.values["lead_id"])
    return visit.redirect(place, Flash("info", text))


def _sign_in_path(request: PageRequest) -> str:
    if request.method != "GET" or request.url.path == "/":
        return SIGN_IN_PATH
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN_PATH}?{urlencode({'next': wanted})}"


def _way_back(visit: Visit) -> tuple[str, str]:
    if visit.session is None:
        return SIGN_IN_PATH, _("Go to sign-in")
    if visit.request.method not in security.SAFE_METHODS:
        referer = urlsplit(visit.request.headers.get("referer", ""))
        return security.safe_path(referer.path), _("Go back")
    return "/", _("Go to the dashboard")


def _visit(services: Services, request: PageRequest) -> Visit:
    # Unknown addresses and a database that is away fail before the middleware has made a visit.
    visit: Visit | None = request.scope["state"].get("visit")
    return visit or guest_visit(services, request)
