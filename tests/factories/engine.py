"""Orders, connections and leads as the engine's tests need them, and small real parts to send through."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from mailgenius.channels.contract import (
    Capabilities,
    Channel,
    Outcome,
    OutgoingMessage,
    SendResult,
    Witness,
)
from mailgenius.engine.connections.model import Connection, OpenConnection
from mailgenius.engine.intake import service as intake
from mailgenius.engine.ledger.model import Order, OrderContent, Policy
from mailgenius.kit.crypto import SealBroken
from mailgenius.kit.db.queries import Query
from mailgenius.kit.db.transaction import Tx

_names = count(1)

NEW_CONNECTION = Query(
    "new",
    "A connection.",
    "INSERT INTO connections (workspace_id, name, channel, provider, per_second, per_day)"
    " VALUES (%(workspace_id)s, %(name)s, 'email', 'sandbox', %(per_second)s, %(per_day)s) RETURNING id",
)
NEW_LEADS = Query(
    "leads",
    "Leads.",
    "INSERT INTO leads (workspace_id, email, name)"
    " SELECT %(workspace_id)s, e, 'Ana' FROM unnest(%(emails)s::text[]) e RETURNING id, email",
)
CONTENT = OrderContent(
    sender_email="news@sender.example",
    sender_name="News",
    reply_to="",
    subject="Hello {{ lead.name }}",
    preheader="",
    html="<p>Hello {{ lead.name }}</p>",
    text="",
    campaign_name="Autumn",
)


async def make_connection(
    tx: Tx, workspace_id: int, *, per_second: int | None = None, per_day: int | None = None
) -> int:
    return await tx.value(
        NEW_CONNECTION,
        workspace_id=workspace_id,
        name=f"connection {next(_names)}",
        per_second=per_second,
        per_day=per_day,
    )


async def make_leads(tx: Tx, workspace_id: int, number: int) -> list[tuple[int, str]]:
    start = next(_names)
    emails = [f"lead{start}-{i}@example.com" for i in range(number)]
    return sorted(await tx.rows(NEW_LEADS, workspace_id=workspace_id, emails=emails))


def addresses(number: int, *, domain: str = "example.com") -> list[tuple[None, str]]:
    start = next(_names)
    return [(None, f"r{start}-{i}@{domain}") for i in range(number)]


async def make_order(
    tx: Tx,
    workspace_id: int,
    *,
    recipients: Sequence[tuple[int | None, str]] | int = 10,
    connection_id: int | None = None,
    priority: int = 10,
    policy: Policy = Policy.PREFER_NO_DUPLICATE,
    seal: bool = True,
    content: OrderContent = CONTENT,
    source: str = "campaign",
    per_minute: int | None = None,
) -> int:
    order_id = await intake.open_order(
        tx,
        workspace_id=workspace_id,
        source=source,
        source_id=7,
        channel=Channel.EMAIL,
        priority=priority,
        connection_id=connection_id or await make_connection(tx, workspace_id),
        content=content,
        policy=policy,
        per_minute=per_minute,
    )
    people = addresses(recipients) if isinstance(recipients, int) else recipients
    await intake.accept(tx, workspace_id=workspace_id, order_id=order_id, recipients=people)
    if seal:
        await intake.seal(tx, workspace_id=workspace_id, order_id=order_id)
    return order_id


ACCEPTED = SendResult(outcome=Outcome.ACCEPTED, provider_ref="ok")


@dataclass
class Peer:
    """A provider: remembers what it was handed and answers by a rule."""

    answer: Callable[[OutgoingMessage], SendResult] = lambda _: ACCEPTED
    deduplicates: bool = False
    delay: float = 0.0
    taken: list[tuple[float, str]] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    closed: int = 0

    @property
    def addresses(self) -> list[str]:
        return [address for _, address in self.taken]

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(channel=Channel.EMAIL, deduplicates=self.deduplicates)

    async def send(
        self, messages: Sequence[OutgoingMessage], witness: Witness | None = None
    ) -> list[SendResult]:
        self.windows.append(len(messages))
        self.entered.set()
        if self.gate:
            await self.gate.wait()
        if self.delay:
            await asyncio.sleep(self.delay)
        results = []
        for message in messages:
            results.append(self.answer(message))
            self.taken.append((time.monotonic(), message.recipient))
        return results

    async def check(self) -> SendResult:
        return ACCEPTED

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Peers:
    """Connections of the database, each with a peer; one for all unless told otherwise."""

    default: Peer = field(default_factory=Peer)
    of_connection: dict[int, Peer] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    async def get(self, tx: Tx, *, workspace_id: int, connection_id: int) -> Connection:
        rows = await tx.rows(
            Query("get", "One.", "SELECT per_second, per_day, version FROM connections WHERE id = %(id)s"),
            id=connection_id,
        )
        per_second, per_day, version = rows[0]
        return Connection(
            id=connection_id,
            name="peer",
            channel=Channel.EMAIL,
            provider="sandbox",
            settings={},
            has_secrets=False,
            per_second=per_second,
            per_day=per_day,
            version=version,
            last_error="",
            last_error_at=None,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            archived_at=None,
        )

    async def open(self, tx: Tx, *, workspace_id: int, connection_id: int) -> OpenConnection:
        connection = await self.get(tx, workspace_id=workspace_id, connection_id=connection_id)
        if connection_id in self.broken:
            raise SealBroken
        return OpenConnection(
            connection=connection, adapter=self.of_connection.get(connection_id, self.default)
        )


class PlainComposer:
    """Makes the shortest message there is; addresses that start with "broken" cannot be composed."""

    def __init__(self, order: Order) -> None:
        self.order = order

    def compose(
        self, message_id: int, address: str, lead: dict[str, Any], data: dict[str, Any] | None = None
    ) -> OutgoingMessage:
        if address.startswith("broken"):
            raise ValueError("this template does not fit this person")
        return OutgoingMessage(
            message_id=message_id,
            workspace_id=self.order.workspace_id,
            recipient=address,
            sender=self.order.content.sender_email,
            text=f"Hello {lead['name']}",
        )
