"""Unsubscribing: a page with a button, and one-click POST as RFC 8058 asks. A GET changes nothing.

Mail scanners follow every link, so only a POST unsubscribes. It needs no cookie and no form token: whoever
has the link was sent it. The wish is kept also while the database is away.
"""

import asyncio
from datetime import timedelta

from litestar import Response, post, route
from litestar.enums import HttpMethod, MediaType
from litestar.params import FromPath

from mailgenius.edge.pages import Button, Link, away_page, gone_page, page, shortened
from mailgenius.edge.texts import Texts
from mailgenius.edge.visits import Visit, services_of, texts_of
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.errors import MessageGone, TooLateToReturn
from mailgenius.engine.tracking.model import Recipient, TrackedEvent, TrackingKind
from mailgenius.engine.tracking.tokens import OrderTokens, Token, TokenKind, read_token
from mailgenius.kit import clock
from mailgenius.kit.crypto import BadToken
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.services import Services

LOOK_UP_TIMEOUT = timedelta(seconds=2)
"""How long the page waits for names that it can do without."""
RETURN_TIMEOUT = timedelta(seconds=5)
LONGEST_BODY = 4_096
LEAVE, RETURN = "leave", "return"
_ONE_CLICK_ANSWER = "Unsubscribed\n"


@route("/u/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def ask(request: Visit, name: FromPath[str]) -> Response[str]:
    """Show the page with the button. Changes nothing."""
    texts = texts_of(request)
    try:
        token = read_token(name, TokenKind.UNSUBSCRIBE, by=request.app.state.signer)
        recipient = await _recipient(services_of(request), token)
    except (BadToken, MessageGone):
        return gone_page(texts)
    if recipient is not None and recipient.unsubscribed_at is not None:
        return _left_page(texts, recipient)
    paragraphs = [_filled(texts.ask_known, recipient) if recipient else texts.ask]
    if token.sample:
        paragraphs.append(texts.sample)
    button = Button(name=LEAVE, label=texts.ask_button)
    link = Link(href=_preferences(services_of(request), token), label=texts.choose)
    return page(texts, texts.ask_title, paragraphs, button=button, link=link)


@post("/u/{name:str}", status_code=200, request_max_body_size=LONGEST_BODY)
async def leave(request: Visit, name: FromPath[str]) -> Response[str]:
    """Unsubscribe at once, or take it back. The answer is never a redirect, as RFC 8058 asks."""
    texts = texts_of(request)
    body = await request.body()
    try:
        token = read_token(name, TokenKind.UNSUBSCRIBE, by=request.app.state.signer)
        if _has(body, RETURN):
            return await _return(request, texts, token)
        if not token.sample:
            await request.app.state.recorder.unsubscribe(event_of(request, token))
    except (BadToken, MessageGone):
        return gone_page(texts)
    if not _has(body, LEAVE):
        return Response(_ONE_CLICK_ANSWER, media_type=MediaType.TEXT, headers={"Cache-Control": "no-store"})
    if token.sample:
        return page(texts, texts.left_title, [texts.sample], done=True)
    return _left_page(texts, await _recipient(services_of(request), token))


async def _return(request: Visit, texts: Texts, token: Token) -> Response[str]:
    try:
        if not token.sample:
            async with (
                asyncio.timeout(RETURN_TIMEOUT.total_seconds()),
                services_of(request).db.trusted() as tx,
            ):
                await tracking.take_back(
                    tx,
                    workspace_id=token.workspace_id,
                    order_id=token.order_id,
                    message_id=token.message_id,
                )
    except TooLateToReturn:
        return page(texts, texts.too_late_title, [texts.too_late], status=409)
    except (Unavailable, TimeoutError):
        return away_page(texts)
    return page(texts, texts.returned_title, [texts.sample if token.sample else texts.returned], done=True)


def _left_page(texts: Texts, recipient: Recipient | None) -> Response[str]:
    """Confirm, and offer to take it back: people press buttons by mistake."""
    return page(
        texts,
        texts.left_title,
        [_filled(texts.left_known, recipient) if recipient else texts.left, texts.later],
        button=Button(name=RETURN, label=texts.back_button) if recipient else None,
        hint=texts.mistake,
        done=True,
    )


async def _recipient(services: Services, token: Token) -> Recipient | None:
    """Look up whom the page speaks to; None when the database is away.

    Raises:
        MessageGone: the message is not known here.
    """
    try:
        async with (
            asyncio.timeout(LOOK_UP_TIMEOUT.total_seconds()),
            services.db.trusted(limit=LOOK_UP_TIMEOUT) as tx,
        ):
            return await tracking.recipient_of(
                tx, workspace_id=token.workspace_id, order_id=token.order_id, message_id=token.message_id
            )
    except (Unavailable, TimeoutError):
        return None


def _preferences(services: Services, token: Token) -> str:
    """Return the preference page of the same message: some want less, not nothing."""
    tokens = OrderTokens(
        services.keys, workspace_id=token.workspace_id, order_id=token.order_id, sample=token.sample
    )
    return f"/p/{tokens.plain(TokenKind.PREFERENCES, token.message_id)}"


def _filled(text: str, recipient: Recipient) -> str:
    return text.format(sender=recipient.sender, address=shortened(recipient.address))


def _has(body: bytes, name: str) -> bool:
    """Say whether the body of a form has this button, whichever of the two ways the form was sent."""
    return f"{name}=yes".encode() in body or f'name="{name}"'.encode() in body


def event_of(request: Visit, token: Token) -> TrackedEvent:
    return TrackedEvent(
        kind=TrackingKind.UNSUBSCRIBE,
        workspace_id=token.workspace_id,
        order_id=token.order_id,
        message_id=token.message_id,
        user_agent=request.headers.get("user-agent", "")[:300],
        at=clock.now(),
    )
