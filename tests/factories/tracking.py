"""Orders and messages for tests of composing and tracking, written straight into the ledger's tables."""

from collections.abc import Sequence
from typing import Any

from mailgenius.engine.ledger.model import Order, OrderContent, OrderState, Policy
from mailgenius.kit.db.database import Database
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import json_value

HTML = (
    '<html lang="en"><body><p>Hello {{ lead.name }}</p><a href="https://shop.example.com/a">A</a>'
    '<a href="https://shop.example.com/b?id={{ lead.external_id }}">B</a></body></html>'
)

_CONNECTION = Query(
    "connection",
    "A connection.",
    """INSERT INTO connections (workspace_id, name, channel, provider)
       VALUES (%(workspace_id)s, 'c' || gen_random_uuid(), 'email', 'sandbox') RETURNING id""",
)
_ORDER = Query(
    "order",
    "An order.",
    """INSERT INTO orders (workspace_id, source, source_id, channel, priority, connection_id, content, state)
       VALUES (%(workspace_id)s, 'campaign', 1, 'email', 10, %(connection_id)s, %(content)s::jsonb, 'running')
       RETURNING id""",
)
_LEAD = Query(
    "lead",
    "A lead.",
    """INSERT INTO leads (workspace_id, email, name) VALUES (%(workspace_id)s, %(email)s, %(name)s)
       RETURNING id""",
)
_MESSAGE = Query(
    "message",
    "An accepted message.",
    """INSERT INTO messages (workspace_id, order_id, batch_id, lead_id, address, state)
       VALUES (%(workspace_id)s, %(order_id)s, 0, %(lead_id)s, %(address)s, 'accepted') RETURNING id""",
)


def make_content(**changes: Any) -> OrderContent:
    values: dict[str, Any] = {
        "sender_email": "news@shop.example.com",
        "sender_name": "The Shop",
        "reply_to": "",
        "subject": "Hello {{ lead.name }}",
        "preheader": "",
        "html": HTML,
        "text": "",
        "campaign_name": "Spring",
    }
    return OrderContent(**values | changes)


def make_order(*, workspace_id: int = 3, order_id: int = 77, **changes: Any) -> Order:
    """An order that is in no database: composing needs none."""
    return Order(
        workspace_id=workspace_id,
        id=order_id,
        source="campaign",
        source_id=1,
        channel="email",
        priority=10,
        connection_id=1,
        policy=Policy.PREFER_NO_DUPLICATE,
        content=make_content(**changes),
        state=OrderState.RUNNING,
        sealed=True,
    )


async def store_order(db: Database, workspace_id: int, **changes: Any) -> int:
    async with db.trusted() as tx:
        connection_id = await tx.value(_CONNECTION, workspace_id=workspace_id)
        return await tx.value(
            _ORDER,
            workspace_id=workspace_id,
            connection_id=connection_id,
            content=json_value(make_content(**changes)),
        )


async def store_messages(
    db: Database, workspace_id: int, order_id: int, addresses: Sequence[str]
) -> list[tuple[int, int]]:
    """Store an accepted message to a new lead for each address; returns (message, lead) ids."""
    stored = []
    async with db.trusted() as tx:
        for address in addresses:
            lead_id = await tx.value(
                _LEAD, workspace_id=workspace_id, email=address, name=address.split("@")[0]
            )
            message_id = await tx.value(
                _MESSAGE, workspace_id=workspace_id, order_id=order_id, lead_id=lead_id, address=address
            )
            stored.append((message_id, lead_id))
    return stored
