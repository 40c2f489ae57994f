"""The adapter of the provider `sandbox`: builds each message as for a wire and keeps it in the outbox."""

import asyncio
import sqlite3
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from mailgenius.channels.contract import (
    AdapterContext,
    Capabilities,
    Channel,
    Fault,
    Outcome,
    OutgoingMessage,
    SendResult,
    Witness,
)
from mailgenius.channels.email.envelope import envelope_of
from mailgenius.channels.email.mime import build
from mailgenius.channels.errors import REASON_LIMIT, MessageRefused
from mailgenius.channels.sandbox.store import StoredMessage, insert, open_store
from mailgenius.kit.clock import now

_FAST_COMPRESSION = 1
_CHOSEN = SendResult(
    outcome=Outcome.REJECTED,
    code="550 5.1.1",
    reason="550 5.1.1 The sandbox was asked to refuse some recipients, and this is one of them",
    fault=Fault.RECIPIENT,
)


class SandboxAdapter:
    """Delivers into the local outbox. One thread of its own does the work, so the event loop stays free."""

    def __init__(self, context: AdapterContext, *, fail_percent: int = 0) -> None:
        self._context = context
        self._fail_percent = fail_percent
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")
        self._store: sqlite3.Connection | None = None
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(channel=Channel.EMAIL, deduplicates=True)

    async def send(
        self,
        messages: Sequence[OutgoingMessage],
        witness: Witness | None = None,  # noqa: ARG002  # A second hand-over of a message is dropped here.
    ) -> list[SendResult]:
        """Keep the messages, all in one transaction; see the contract."""
        if self._closed:
            return [_unavailable("This connection was closed.") for _ in messages]
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._deliver, messages, now())

    async def check(self) -> SendResult:
        """Open the outbox."""
        if self._closed:
            return _unavailable("This connection was closed.")
        trouble = await asyncio.get_running_loop().run_in_executor(self._thread, self._keep, [])
        return trouble or SendResult(outcome=Outcome.ACCEPTED)

    async def close(self) -> None:
        """Close the outbox after the work in hand."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._release)
        self._thread.shutdown(wait=False)

    def _deliver(self, messages: Sequence[OutgoingMessage], moment: datetime) -> list[SendResult]:
        results: list[SendResult] = []
        rows: list[StoredMessage] = []
        for message in messages:
            try:
                results.append(self._one(message, moment, rows))
            except MessageRefused as error:
                results.append(error.as_result())
        trouble = self._keep(rows)
        if trouble is None:
            return results
        return [trouble if result.outcome is Outcome.ACCEPTED else result for result in results]

    def _one(self, message: OutgoingMessage, moment: datetime, rows: list[StoredMessage]) -> SendResult:
        envelope_of(message)
        data = build(message, eight_bit=True, utf8=True).data
        if self._fail_percent and _share(message.recipient) < self._fail_percent:
            return _CHOSEN
        seen = {name.lower(): value for name, value in message.headers}
        rows.append(
            StoredMessage(
                workspace_id=message.workspace_id,
                message_id=message.message_id,
                connection_id=self._context.connection_id,
                received_at=moment.timestamp(),
                size=len(data),
                recipient=message.recipient,
                sender=seen.get("from", message.sender),
                subject=seen.get("subject", ""),
                content=zlib.compress(data, _FAST_COMPRESSION),
            )
        )
        return SendResult(outcome=Outcome.ACCEPTED, provider_ref=f"sandbox-{message.message_id}")

    def _keep(self, rows: list[StoredMessage]) -> SendResult | None:
        """Write the rows; return what to say of all of them when that is not possible."""
        try:
            if self._store is None:
                self._store = open_store(self._context.home)
            if rows:
                insert(self._store, rows)
        except (sqlite3.Error, OSError) as error:
            self._release()
            return _unavailable(f"The sandbox's outbox cannot be written ({error}).")
        return None

    def _release(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _share(recipient: str) -> int:
    """Return 0 to 99, always the same for the same recipient."""
    return zlib.crc32(recipient.encode()) % 100


def _unavailable(reason: str) -> SendResult:
    return SendResult(outcome=Outcome.DEFERRED, reason=reason[:REASON_LIMIT], fault=Fault.CONNECTION)
