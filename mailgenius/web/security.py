"""What protects the pages: cookies, cross-site checks, response headers, safe redirects.

Who is asking and what they may do is `visits`. Nothing here reads the database.
"""

import re
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.types import BeforeMessageSendHookHandler, Message, Scope

from mailgenius.kit.config import Settings
from mailgenius.kit.crypto import Keys, random_token, same
from mailgenius.kit.errors import Forbidden
from mailgenius.kit.visitors import visitor_ip
from mailgenius.web.templating import CSRF_FIELD, CSRF_HEADER

SESSION_COOKIE: Final = "mg_session"
GUEST_COOKIE: Final = "mg_guest"
NOTES_COOKIE: Final = "mg_notes"
LOCALE_COOKIE: Final = "mg_locale"

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
STREAMED_FORM: Final = "streamed_form"
"""Route option: the handler reads a large form as it comes and checks the token in it by itself."""

# Browsers cut longer lives to 400 days; the server decides earlier when a session ends.
_SESSION_COOKIE_SECONDS: Final = 400 * 24 * 3600
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f\\]")
_PAGE_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    # The template editor writes its own style element, with this nonce; no script needs one.
    "style-src": "'self' 'nonce-{nonce}'",
    # Widths of bars are style attributes; they cannot run anything.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_PAGE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: that would also blank the Origin header which the cross-site check reads.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class CrossSiteRequest(Forbidden):
    """This form came from another site or is too old. Load the page again and repeat."""


def cookie_name(name: str, settings: Settings) -> str:
    """The cookie's name; on https the prefix makes browsers refuse one set by a neighbouring host."""
    return f"__Host-{name}" if settings.https else name


def make_cookie(name: str, value: str, settings: Settings, *, seconds: int | None = None) -> Cookie:
    """A cookie that scripts cannot read and other sites cannot send along with a form."""
    return Cookie(
        key=cookie_name(name, settings),
        value=value,
        max_age=seconds,
        path="/",
        secure=settings.https,
        httponly=True,
        samesite="lax",
    )


def session_cookie(token: str, settings: Settings) -> Cookie:
    return make_cookie(SESSION_COOKIE, token, settings, seconds=_SESSION_COOKIE_SECONDS)


def locale_cookie(locale: str, settings: Settings) -> Cookie:
    """The language that a guest chose on the sign-in page."""
    return make_cookie(LOCALE_COOKIE, locale, settings, seconds=_SESSION_COOKIE_SECONDS)


def no_cookie(name: str, settings: Settings) -> Cookie:
    """The cookie that removes this one."""
    return make_cookie(name, "", settings, seconds=0)


def read_cookie(request: Request[Any, Any, Any], name: str, settings: Settings) -> str:
    return request.cookies.get(cookie_name(name, settings), "")


def new_guest_mark() -> str:
    """A random mark for a browser without a session, so that its sign-in form can carry a token too."""
    return random_token(18)


def guest_csrf_token(mark: str, keys: Keys) -> str:
    """The token of a browser without a session: only we can make it, and it fits only this browser."""
    return keys.signer("web.guest-csrf").sign(mark.encode()) if mark else ""


def is_guest_mark(mark: str) -> bool:
    return bool(re.fullmatch(r"[\w-]{20,64}", mark))


async def check_cross_site(request: Request[Any, Any, Any], *, token: str, settings: Settings) -> None:
    """Refuse an unsafe request that another site made the browser send.

    Raises:
        CrossSiteRequest: the origin is foreign, or the token is missing or wrong.
    """
    if request.method in SAFE_METHODS:
        return
    check_origin(request, settings)
    given = request.headers.get(CSRF_HEADER, "")
    if not given:
        if request.route_handler.opt.get(STREAMED_FORM):
            return
        given = str((await request.form()).get(CSRF_FIELD, ""))
    check_token(given, token)


def check_token(given: str, expected: str) -> None:
    """Compare the token of a form with the one of the session, in constant time."""
    if not expected or not same(given, expected):
        raise CrossSiteRequest


def check_origin(request: Request[Any, Any, Any], settings: Settings) -> None:
    """Ask the browser's own headers where a request comes from; they cannot be forged by a page."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CrossSiteRequest
        return
    origin = request.headers.get("origin")
    if origin is None:
        # Not a browser of this decade: the token alone decides.
        return
    ours = {request.headers.get("host", ""), urlsplit(settings.base_url).netloc}
    if urlsplit(origin).netloc not in ours - {""}:
        raise CrossSiteRequest


def nonce_of(scope: Scope) -> str:
    """The content policy's nonce of this answer; made on first use."""
    nonce: str = scope["state"].setdefault("csp_nonce", secrets.token_urlsafe(16))
    return nonce


def security_headers(settings: Settings) -> BeforeMessageSendHookHandler:
    """Build the hook that completes every answer of the pages, also those of errors and unknown addresses."""

    async def complete(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in _PAGE_HEADERS.items():
            headers.setdefault(name, value)
        if "Content-Security-Policy" not in headers:
            nonce = nonce_of(scope)
            headers["Content-Security-Policy"] = "; ".join(
                f"{directive} {sources.format(nonce=nonce)}" for directive, sources in _PAGE_POLICY.items()
            )
            headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cache-Control", "no-store")
        if settings.https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")

    return complete


def safe_path(wanted: str | None, default: str = "/") -> str:
    """The path to go on to, when it is one of our own; anything that leaves this site becomes the default."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or _CONTROL.search(wanted):
        return default
    parts = urlsplit(wanted)
    return default if parts.scheme or parts.netloc else wanted


def client_ip(request: Request[Any, Any, Any], settings: Settings) -> str:
    """The visitor's address: the one that the outermost trusted proxy saw, else the peer's."""
    return visitor_ip(
        peer=request.client.host if request.client else "",
        forwarded_for=request.headers.get("x-forwarded-for", ""),
        trusted_proxies=settings.trusted_proxies,
    )
