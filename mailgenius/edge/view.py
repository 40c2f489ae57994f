"""View in browser: a message as a page of its own, made anew for its recipient, locked into a sandbox."""

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.params import FromPath

from mailgenius.edge.pages import away_page, gone_page
from mailgenius.edge.texts import texts_for
from mailgenius.engine.dispatch.compose import CannotCompose, Composer
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Order
from mailgenius.engine.tracking import service as tracking
from mailgenius.engine.tracking.errors import MessageGone
from mailgenius.engine.tracking.tokens import Token, TokenKind, read_token
from mailgenius.kit import clock
from mailgenius.kit.crypto import BadToken
from mailgenius.kit.errors import NotFound, Unavailable
from mailgenius.kit.services import Services
from mailgenius.product.leads import service as leads

Visit = Request[Any, Any, State]

MOST_ORDERS = 32
LOOK_UP_TIMEOUT = timedelta(seconds=5)
_HEADERS = {
    # The message was written by a customer: it may show pictures and styles, and run nothing.
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
        "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline' https:; "
        "font-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class Composers:
    """Composers of the orders that were viewed last: compiling a template costs more than rendering it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: OrderedDict[tuple[int, int], Composer] = OrderedDict()

    def of_order(self, order: Order) -> Composer:
        key = (order.workspace_id, order.id)
        if key not in self._kept:
            self._kept[key] = Composer(
                order, base_url=self._services.settings.base_url, keys=self._services.keys
            )
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_ORDERS:
            self._kept.popitem(last=False)
        return self._kept[key]


@get("/v/{name:str}")
async def view(request: Visit, name: FromPath[str]) -> Response[str]:
    """Show a message to whoever has its link."""
    texts = texts_for(request.headers.get("accept-language", ""))
    try:
        token = read_token(name, TokenKind.VIEW, by=request.app.state.signer)
        html = await _message(request, token)
    except (BadToken, NotFound, CannotCompose):
        return gone_page(texts)
    except (Unavailable, TimeoutError):
        return away_page(texts)
    return Response(html, media_type=MediaType.HTML, headers=_HEADERS)


async def _message(request: Visit, token: Token) -> str:
    services: Services = request.app.state.services
    composers: Composers = request.app.state.composers
    async with asyncio.timeout(LOOK_UP_TIMEOUT.total_seconds()), services.db.trusted() as tx:
        recipient = await tracking.recipient_of(
            tx, workspace_id=token.workspace_id, order_id=token.order_id, message_id=token.message_id
        )
        order = await ledger.get_order(tx, workspace_id=token.workspace_id, order_id=token.order_id)
        lead: dict[str, Any] = {"email": recipient.address}
        if recipient.lead_id is not None:
            found = await leads.merge_data(tx, workspace_id=token.workspace_id, lead_ids=[recipient.lead_id])
            lead = found.get(recipient.lead_id, lead)
        data = await ledger.data_of(tx, workspace_id=token.workspace_id, message_ids=[token.message_id])
        if order.content.has_data and not data:
            message = await ledger.get_message(
                tx, workspace_id=token.workspace_id, message_id=token.message_id
            )
            if clock.now() - message.created_at > ledger.DATA_KEPT_FOR:
                # Its values were forgotten: without them it would be another message.
                raise MessageGone
    return composers.of_order(order).page(token.message_id, lead, data.get(token.message_id))
