"""The preference page: topics, channels, how often, which language, or nothing at all. A GET changes nothing.

Whoever has the link was sent it, so there is no sign-in, no cookie and no form token. The page says what it
showed beside what was chosen: only the difference is a wish, so that an old page undoes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from litestar import Response, post, route
from litestar.datastructures import FormMultiDict
from litestar.enums import HttpMethod
from litestar.params import FromPath

from mailgenius.channels.contract import Channel
from mailgenius.edge.pages import Link, away_page, gone_page, page, preference_page, shortened
from mailgenius.edge.preference_texts import preference_texts
from mailgenius.edge.texts import Texts, texts_in
from mailgenius.edge.unsubscribe import LONGEST_BODY, event_of
from mailgenius.edge.visits import Visit, ip_of, services_of, texts_of
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.errors import MessageGone
from mailgenius.engine.tracking.model import Recipient
from mailgenius.engine.tracking.tokens import Token, TokenKind, read_token
from mailgenius.kit.crypto import BadToken
from mailgenius.kit.db.transaction import Tx
from mailgenius.kit.errors import Unavailable
from mailgenius.kit.visitors import known_ip
from mailgenius.product.consents.model import Way
from mailgenius.product.leads import service as leads
from mailgenius.product.leads.errors import TooManyChanges
from mailgenius.product.leads.service import PreferenceChanges, Preferences
from mailgenius.product.preferences import service as choosing
from mailgenius.product.preferences.model import ChoiceChanges, Choices, Frequency, LeadLanguage

PATIENCE = timedelta(seconds=3)
"""How long the page waits for the database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """Whom a page is for, and what holds for them."""

    recipient: Recipient
    lead_id: int | None
    """None: there is nothing to change but to leave. So it is with a test message too."""
    holds: Preferences

    def texts(self, request: Visit) -> Texts:
        """The lead's language, else the one that its browser likes."""
        return texts_in(self.holds.choices.language) if self.holds.choices.language else texts_of(request)


@route("/p/{name:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def show(request: Visit, name: FromPath[str]) -> Response[str]:
    """Show what a lead may choose and what holds. Changes nothing."""
    try:
        token = read_token(name, TokenKind.PREFERENCES, by=request.app.state.signer)
        async with _looking(request) as tx:
            shown = await _shown(tx, token)
    except (BadToken, MessageGone):
        return gone_page(texts_of(request))
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))
    return _page(request, token, shown)


@post("/p/{name:str}", status_code=200, request_max_body_size=LONGEST_BODY)
async def choose(request: Visit, name: FromPath[str]) -> Response[str]:
    """Take in what was chosen, or leave everything at once. The same again changes nothing."""
    posted = await request.form()
    try:
        token = read_token(name, TokenKind.PREFERENCES, by=request.app.state.signer)
        if posted.get("leave"):
            return await _leave(request, token)
        async with _looking(request) as tx:
            shown = await _shown(tx, token)
            if shown.lead_id is not None and posted.get("save"):
                await leads.change_preferences(
                    tx,
                    workspace_id=token.workspace_id,
                    lead_id=shown.lead_id,
                    changes=_changes(posted, shown, ip=known_ip(ip_of(request))),
                )
                shown = await _shown(tx, token)
    except TooManyChanges:
        return _too_often(texts_of(request))
    except (BadToken, MessageGone):
        return gone_page(texts_of(request))
    except (Unavailable, TimeoutError):
        return away_page(texts_of(request))
    return _page(request, token, shown, saved=bool(posted.get("save")) and not token.sample)


async def _leave(request: Visit, token: Token) -> Response[str]:
    """Withdraw the lead from all channels. With the database away, the disk remembers the message's own."""
    texts = texts_of(request)
    if not token.sample:
        try:
            async with _looking(request) as tx:
                shown = await _shown(tx, token)
                texts = shown.texts(request)
                if shown.lead_id is not None:
                    await leads.leave_everything(
                        tx,
                        workspace_id=token.workspace_id,
                        lead_id=shown.lead_id,
                        way=Way.PREFERENCES,
                        ip=known_ip(ip_of(request)),
                    )
                await tracking.unsubscribe(tx, event=event_of(request, token))
        except (Unavailable, TimeoutError):
            await request.app.state.recorder.unsubscribe(event_of(request, token))
    words = preference_texts(texts.language)
    said = [texts.sample] if token.sample else [words.all, texts.later]
    return page(texts, words.left_title, said, done=True, link=Link(href=request.url.path, label=words.back))


@asynccontextmanager
async def _looking(request: Visit) -> AsyncIterator[Tx]:
    """Open a transaction, and do not keep a person waiting for a database that is away."""
    async with (
        asyncio.timeout(PATIENCE.total_seconds()),
        services_of(request).db.trusted(limit=PATIENCE) as tx,
    ):
        yield tx


async def _shown(tx: Tx, token: Token) -> _Shown:
    """Look up whom the page is for. A test message shows the topics and nothing of a lead.

    Raises:
        MessageGone: the message is not known here.
    """
    workspace_id = token.workspace_id
    recipient = await tracking.recipient_of(
        tx, workspace_id=workspace_id, order_id=token.order_id, message_id=token.message_id
    )
    lead_id = None
    if not token.sample:
        lead_id = await leads.lead_of_recipient(
            tx,
            workspace_id=workspace_id,
            lead_id=recipient.lead_id,
            channel=recipient.channel,
            address=recipient.address,
        )
    if lead_id is not None:
        holds = await leads.preferences(tx, workspace_id=workspace_id, lead_id=lead_id)
        return _Shown(recipient=recipient, lead_id=lead_id, holds=holds)
    offered = await choosing.topics(tx, workspace_id=workspace_id) if token.sample else []
    holds = Preferences(topics=offered, choices=Choices(lead_id=0), channels=[])
    return _Shown(recipient=recipient, lead_id=None, holds=holds)


def _changes(posted: FormMultiDict, shown: _Shown, *, ip: str | None) -> PreferenceChanges:
    # A topic that was put away since the page was shown is nothing to choose any more.
    offered = {topic.key for topic in shown.holds.topics}
    topics = {key: on for key, on in _turned(posted, "topic").items() if key in offered}
    channels = _turned(posted, "channel")
    frequency, language = _another(posted, "frequency"), _another(posted, "language")
    return PreferenceChanges(
        way=Way.PREFERENCES,
        choices=ChoiceChanges(
            topics=topics,
            frequency=Frequency(frequency) if frequency in set(Frequency) else None,
            language=LeadLanguage(language) if language in set(LeadLanguage) else None,
        ),
        channels={Channel(name): on for name, on in channels.items() if name in set(Channel)},
        ip=ip,
    )


def _turned(posted: FormMultiDict, name: str) -> dict[str, bool]:
    """Return the switches that stand otherwise than they were shown: `on` and `off` say how that was."""
    ticked = set(posted.getall(name, []))
    was_on, was_off = (set(posted.getall(f"{name}_{was}", [])) for was in ("on", "off"))
    return dict.fromkeys(was_on - ticked, False) | dict.fromkeys(was_off & ticked, True)


def _another(posted: FormMultiDict, name: str) -> str | None:
    """Return what was chosen of several, if it is not what was chosen when the page was shown."""
    chosen = posted.get(name)
    return chosen if isinstance(chosen, str) and chosen != posted.get(f"{name}_was") else None


def _page(request: Visit, token: Token, shown: _Shown, *, saved: bool = False) -> Response[str]:
    texts = shown.texts(request)
    words = preference_texts(texts.language)
    recipient = shown.recipient
    return preference_page(
        texts,
        words=words,
        intro=words.intro.format(sender=recipient.sender, address=shortened(recipient.address)),
        note=texts.sample if token.sample else words.saved if saved else "",
        holds=shown.holds,
        choosable=shown.lead_id is not None or token.sample,
    )


def _too_often(texts: Texts) -> Response[str]:
    words = preference_texts(texts.language)
    response = page(texts, words.too_often_title, [words.too_often], status=429)
    response.headers["Retry-After"] = "3600"
    return response
