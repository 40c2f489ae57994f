"""The pixel and the click redirect: the busiest addresses of all. Both work without the database."""

from base64 import b64decode
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.params import FromPath

from mailgenius.edge.pages import gone_page
from mailgenius.edge.texts import texts_for
from mailgenius.engine.tracking.machines import is_machine
from mailgenius.engine.tracking.model import TrackedEvent, TrackingKind
from mailgenius.engine.tracking.recorder import Recorder
from mailgenius.engine.tracking.tokens import Token, TokenKind, read_token
from mailgenius.kit import clock
from mailgenius.kit.crypto import BadToken, Signer

Visit = Request[Any, Any, State]

PIXEL_PATIENCE = timedelta(seconds=2)
"""Nobody looks at a pixel, so its answer waits until the event is safe."""
CLICK_PATIENCE = timedelta(milliseconds=150)
"""Somebody waits for a page: the redirect goes out after this, whether the event is safe already or not."""
LONGEST_AGENT = 300

_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NEVER_STORED = {"Cache-Control": "no-store, private, max-age=0", "X-Robots-Tag": "noindex, nofollow"}
_URL_SAFE = "%!#$&'()*+,/:;=?@[]~"
_CONTROLS = dict.fromkeys([*range(32), 127])


@route("/o/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def pixel(request: Visit, name: FromPath[str]) -> Response[bytes]:
    """Answer with one transparent dot, and note that the message was opened. A HEAD is never a person."""
    try:
        token = read_token(name.removesuffix(".gif"), TokenKind.OPEN, by=_signer(request))
    except BadToken:
        return Response(b"", status_code=404, headers=_NEVER_STORED)
    if request.method == "GET":
        event = _event(request, token, TrackingKind.OPEN)
        await _recorder(request).record(event, patience=PIXEL_PATIENCE)
    return Response(_GIF, media_type="image/gif", headers=_NEVER_STORED)


@route("/c/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def click(request: Visit, name: FromPath[str]) -> Response[Any]:
    """Lead to the address in the token, and note the click."""
    try:
        token = read_token(name, TokenKind.CLICK, by=_signer(request))
    except BadToken:
        return gone_page(texts_for(request.headers.get("accept-language", "")))
    if request.method == "GET":
        await _recorder(request).record(_event(request, token, TrackingKind.CLICK), patience=CLICK_PATIENCE)
    return Response(b"", status_code=302, headers={**_NEVER_STORED, "Location": header_url(token.url)})


def header_url(url: str) -> str:
    """Write an address so that it fits a header: host names in IDNA, the rest percent-encoded."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    try:
        parts = urlsplit(url.translate(_CONTROLS))
        host = parts.netloc.encode("idna").decode("ascii")
    except ValueError:  # Also of hosts that IDNA does not know; browsers say better what is wrong with it.
        return quote(url, safe=_URL_SAFE)
    rest = urlunsplit(("", "", parts.path, parts.query, parts.fragment))
    return f"{parts.scheme}://{host}{quote(rest, safe=_URL_SAFE)}"


def _event(request: Visit, token: Token, kind: TrackingKind) -> TrackedEvent:
    return TrackedEvent(
        kind=kind,
        workspace_id=token.workspace_id,
        order_id=token.order_id,
        message_id=token.message_id,
        link_no=token.link_no,
        url=token.url.translate(_CONTROLS),
        machine=is_machine(request.headers),
        user_agent=request.headers.get("user-agent", "")[:LONGEST_AGENT].translate(_CONTROLS),
        at=clock.now(),
    )


def _signer(request: Visit) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


def _recorder(request: Visit) -> Recorder:
    recorder: Recorder = request.app.state.recorder
    return recorder
