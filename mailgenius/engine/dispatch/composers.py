"""Orders this engine has at hand, each with its composer, made once and kept while there is room."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from mailgenius.channels.contract import OutgoingMessage
from mailgenius.engine.dispatch.ports import ComposerFactory, MessageComposer
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Order
from mailgenius.kit.db.database import Database
from mailgenius.kit.errors import MailGeniusError
from mailgenius.kit.logs import logger

MOST_ORDERS = 64

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class _Broken:
    """Stands in for the composer of an order whose content cannot be used: each message says why."""

    error: Exception

    def compose(
        self,
        message_id: int,  # noqa: ARG002  # The protocol's names.
        address: str,  # noqa: ARG002
        lead: dict[str, Any],  # noqa: ARG002
        data: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> OutgoingMessage:
        # Raised once for each message: without this it would keep what every one of them was made of.
        raise self.error.with_traceback(None)


class Composers:
    """An order's content never changes, so it is read once and its templates are compiled once."""

    def __init__(self, db: Database, make: ComposerFactory) -> None:
        self._db = db
        self._make = make
        self._kept: OrderedDict[tuple[int, int], tuple[Order, MessageComposer]] = OrderedDict()

    async def of_order(self, workspace_id: int, order_id: int) -> tuple[Order, MessageComposer]:
        key = (workspace_id, order_id)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        async with self._db.trusted() as tx:
            order = await ledger.get_order(tx, workspace_id=workspace_id, order_id=order_id)
        self._kept[key] = order, self._composer(order)
        if len(self._kept) > MOST_ORDERS:
            self._kept.popitem(last=False)
        return self._kept[key]

    def _composer(self, order: Order) -> MessageComposer:
        try:
            return self._make(order)
        except Exception as error:
            # Content is checked before an order is opened; should it be broken all the same, its messages
            # are parked with the reason, and the engine lives on.
            log.exception("an order cannot be composed", workspace=order.workspace_id, order=order.id)
            return _Broken(error)


def reason_of(error: Exception) -> str:
    """Return why a message could not be made, in words for people."""
    return error.message if isinstance(error, MailGeniusError) else f"{type(error).__name__}: {error}"
