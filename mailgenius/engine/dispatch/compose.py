"""From a frozen order and a recipient to a finished message: values put in, links signed, headers written.

A `Composer` is made once for an order and used for each of its messages; what does not change is done at its
making. Encoding for the wire is the channels' business; the recipient's data comes from the caller.
"""

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from mailgenius.channels.contract import OutgoingMessage
from mailgenius.channels.email.headers import mailbox
from mailgenius.engine.dispatch.compose_filled import (
    CannotFill,
    Filled,
    Filling,
    without_empty_lines,
)
from mailgenius.engine.dispatch.compose_links import MARKED, MessageLinks
from mailgenius.engine.dispatch.compose_sources import Sources, prepare
from mailgenius.engine.ledger.model import Order
from mailgenius.engine.tracking.tokens import OrderTokens, TokenKind
from mailgenius.kit.crypto import Keys
from mailgenius.kit.errors import Invalid
from mailgenius.kit.html_text import text_of_html
from mailgenius.kit.rendering import CleanValues, TemplateBroken, clean_values, compile_template, safe_url

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DIGIT_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_TWO_DIGITS, _FOUR_DIGITS = 36**2, 36**4
_SENDER_ID = "mailgenius"


class _Url(NamedTuple):
    """An address of ours that templates may show: its name there, and what stands at it."""

    name: str
    path: str
    kind: TokenKind


OTHER_URLS = (
    _Url("view_url", "v", TokenKind.VIEW),
    _Url("preferences_url", "p", TokenKind.PREFERENCES),
)
"""Made only for templates that show them. The way to leave stands in every message."""


class CannotCompose(Invalid):
    """This message cannot be written: {reason}."""

    def __init__(self, *, reason: str) -> None:
        self.reason = reason
        super().__init__(reason=reason)


class Composer:
    """Writes the messages of one order. Used from one thread at a time."""

    def __init__(self, order: Order, *, base_url: str, keys: Keys) -> None:
        """Compile the order's content.

        Raises:
            CannotCompose: its templates are not right; then no message of the order can be written.
        """
        content = order.content
        self._order = order
        self._tokens = OrderTokens(
            keys, workspace_id=order.workspace_id, order_id=order.id, sample=content.sample
        )
        self._base = base_url
        try:
            sources = prepare(content)
            self._subject = compile_template(sources.subject, html=False)
            self._html = compile_template(sources.html, html=True)
            self._text = compile_template("" if sources.text_from_html else sources.text, html=False)
            self._links = MessageLinks(self._tokens, base_url=base_url)
            self._filling = _filling(sources, self._links)
        except TemplateBroken as error:
            raise CannotCompose(reason=error.message.rstrip(".")) from error
        self.links = sources.links
        """Addresses of the followed links, as the template writes them; the first has number 1."""
        self._derive_text = sources.text_from_html
        self._has_html = bool(sources.html)
        written = (sources.subject, sources.html, sources.text)
        self._shown_urls = [url for url in OTHER_URLS if any(url.name in each for each in written)]
        self._campaign = clean_values({"name": content.campaign_name})
        self._domain = content.sender_email.rpartition("@")[2]
        self._fixed_headers = _fixed_headers(order)

    def compose(
        self, message_id: int, address: str, lead: Mapping[str, Any], data: Mapping[str, Any] | None = None
    ) -> OutgoingMessage:
        """Write one message. The same ids and data give the same message, but for its Date.

        Args:
            message_id: the message's.
            address: where it goes.
            lead: what templates see as `lead`.
            data: what they see as `data`: the values that belong to this message alone.

        Raises:
            CannotCompose: the templates fail with this lead's data.
        """
        unsubscribe_url = self._unsubscribe_url(message_id)
        values = self._values(message_id, lead, unsubscribe_url, data)
        filled = self._filling.fill(message_id, values) if self._filling else None
        subject, text, html, encoded = filled or self._whole(message_id, values)
        return OutgoingMessage(
            message_id=message_id,
            workspace_id=self._order.workspace_id,
            recipient=address,
            sender=self._order.content.sender_email,
            text=text,
            html=html,
            headers=(
                ("To", address),
                ("Subject", " ".join(subject.split())),
                ("Date", _date(int(time.time()))),
                ("Message-ID", f"<{_base36(message_id)}.{self._order.workspace_id}@{self._domain}>"),
                *([("List-Unsubscribe", f"<{unsubscribe_url}>")] if self._order.content.leavable else ()),
                *self._fixed_headers,
            ),
            encoded=encoded,
        )

    def page(self, message_id: int, lead: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> str:
        """Return the message as a page of its own, for "view in browser". Showing it is not an opening.

        Raises:
            CannotCompose: as in `compose`.
        """
        unsubscribe_url = self._unsubscribe_url(message_id)
        values = self._values(message_id, lead, unsubscribe_url, data)
        try:
            if not self._has_html:
                return f"<pre>{escape(self._text.render(values))}</pre>"
            return self._links.put_into(message_id, self._html.render(values), pixel=False)
        except TemplateBroken as error:
            raise CannotCompose(reason=error.message.rstrip(".")) from error

    def _values(
        self, message_id: int, lead: Mapping[str, Any], unsubscribe_url: str, data: Mapping[str, Any] | None
    ) -> CleanValues:
        values = {
            "lead": clean_values(lead),
            "campaign": self._campaign,
            "unsubscribe_url": safe_url(unsubscribe_url),
        }
        for url in self._shown_urls:
            values[url.name] = safe_url(f"{self._base}/{url.path}/{self._tokens.plain(url.kind, message_id)}")
        if self._order.content.has_data:
            values["data"] = clean_values(data or {})
        return CleanValues(values)

    def _whole(self, message_id: int, values: CleanValues) -> Filled:
        """Render each template as it is written: what a `Filling` cannot do, and the words for what fails."""
        try:
            subject = self._subject.render(values)
            html = self._html.render(values) if self._has_html else ""
            text = self._text.render(values)
        except TemplateBroken as error:
            raise CannotCompose(reason=error.message.rstrip(".")) from error
        if self._derive_text:
            text = text_of_html(MARKED.sub(r"\2", html))
        return Filled(
            subject, without_empty_lines(text), self._links.put_into(message_id, html, pixel=True), None
        )

    def _unsubscribe_url(self, message_id: int) -> str:
        return f"{self._base}/u/{self._tokens.plain(TokenKind.UNSUBSCRIBE, message_id)}"


def _filling(sources: Sources, links: MessageLinks) -> Filling | None:
    try:
        return Filling(sources, links)
    except CannotFill:
        return None


def _fixed_headers(order: Order) -> tuple[tuple[str, str], ...]:
    """Return the headers that all messages of an order share."""
    content = order.content
    domain = content.sender_email.rpartition("@")[2]
    sender_name = _one_line(content.sender_name)
    headers = [
        ("From", mailbox(sender_name, content.sender_email)),
        # Gmail's feedback loop: what complaints are grouped by, and last the sender, the same for ever.
        ("Feedback-ID", f"{order.id}:{order.workspace_id}:{order.source}:{_SENDER_ID}"),
    ]
    if content.leavable:
        headers = [
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            # RFC 2919 wants a label inside a domain; the same for all that a workspace sends from there.
            ("List-Id", f"{sender_name or domain} <w{order.workspace_id}.list.{domain}>"),
            *headers,
        ]
    if content.reply_to:
        headers.append(("Reply-To", content.reply_to))
    return tuple(headers)


def _one_line(text: str) -> str:
    return " ".join(str(clean_values({"text": text})["text"]).split())


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second)


def _base36(number: int) -> str:
    high, low = divmod(number, _FOUR_DIGITS)
    return _high_digits(high) + _DIGIT_PAIRS[low // _TWO_DIGITS] + _DIGIT_PAIRS[low % _TWO_DIGITS]


@lru_cache(maxsize=256)
def _high_digits(number: int) -> str:
    """Return the digits that many messages share, because their ids follow each other."""
    pairs = []
    while number:
        number, pair = divmod(number, _TWO_DIGITS)
        pairs.append(_DIGIT_PAIRS[pair])
    return "".join(reversed(pairs)).lstrip("0")
