"""One window of messages: the gate they pass when it opens, and the making of those that may be sent."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from mailgenius.channels.contract import MailSigner, OutgoingMessage
from mailgenius.engine.dispatch.composers import reason_of
from mailgenius.engine.dispatch.outcomes import Outcomes
from mailgenius.engine.dispatch.ports import MessageComposer, Recipient, RecipientSource
from mailgenius.engine.ledger import service as ledger
from mailgenius.engine.ledger.model import Order, QueuedMessage
from mailgenius.engine.pacing.manners import enough, too_soon
from mailgenius.engine.pacing.quiet import Manners
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit import clock
from mailgenius.kit.db.transaction import Tx

COMPOSED_AT_ONCE = 8
"""How many messages are made before others get their turn on the event loop."""
LEAD_DELETED = "The lead was deleted."
PERSON_ERASED = "The person asked to be erased."
HAS_IT_ALREADY = "The lead was merged into one that has this message already."
WANTS_FEWER = "The lead wants messages less often, and had one lately."


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What is known of a window's recipients at the moment it opens."""

    suppressed: dict[str, SuppressionReason]
    leads: Mapping[int, Recipient]
    data: dict[int, dict[str, Any]]
    """Values that belong to one message alone, by message."""
    manners: Manners | None = None
    """The quiet hours that this order keeps to."""
    rests: Mapping[int, timedelta] = field(default_factory=dict)
    """Leads that had as many messages as they may have, and how long each should rest."""
    unwanted: Mapping[int, str] = field(default_factory=dict)
    """Leads that do not want this message, and why."""
    twins: frozenset[int] = frozenset()
    """Messages that would be the second ones for recipients who were two when the messages were read."""


async def read_gate(
    tx: Tx,
    *,
    order: Order,
    window: Sequence[QueuedMessage],
    recipients: RecipientSource,
    manners: Manners | None = None,
) -> Gate:
    """Look, in the transaction that opens the window, who must not be written to and who the others are."""
    workspace_id = order.workspace_id
    lead_ids = [message.lead_id for message in window if message.lead_id is not None]
    suppressed = await suppression.suppressed(
        tx,
        workspace_id=workspace_id,
        channel=order.channel,
        addresses=[message.address for message in window],
    )
    if order.content.transactional:
        suppressed = {
            address: reason
            for address, reason in suppressed.items()
            if reason is not SuppressionReason.UNSUBSCRIBED
        }
    message_ids = [message.id for message in window]
    if manners is not None and order.priority == 0 and not manners.urgent_too:
        manners = None
    has_data = order.content.has_data
    leads, twins = await _leads_now(tx, order=order, window=window, recipients=recipients)
    return Gate(
        suppressed=suppressed,
        leads=leads,
        twins=twins,
        unwanted=await _unwanted(tx, order=order, leads=leads, message_ids=message_ids),
        data=await ledger.data_of(tx, workspace_id=workspace_id, message_ids=message_ids) if has_data else {},
        manners=manners,
        rests={}
        if manners is None
        else await enough(
            tx, workspace_id=workspace_id, manners=manners, lead_ids=lead_ids, message_ids=message_ids
        ),
    )


async def _leads_now(
    tx: Tx, *, order: Order, window: Sequence[QueuedMessage], recipients: RecipientSource
) -> tuple[dict[int, Recipient], frozenset[int]]:
    """Return what is known of the leads, and the messages whose recipients have another of this order.

    A lead that is not there any more may have been merged into another since the batch was read: its message
    then goes on with what is known of the other.
    """
    about, workspace_id = order.content.about, order.workspace_id
    read = [message for message in window if message.lead_id is not None]
    if not read:
        return {}, frozenset()
    asked = [message.lead_id for message in read if message.lead_id]
    leads = dict(await recipients.recipients(tx, workspace_id=workspace_id, lead_ids=asked, about=about))
    lost = [message for message in read if message.lead_id not in leads]
    if not lost:
        return leads, frozenset()
    moved = await ledger.followed(tx, workspace_id=workspace_id, messages=lost)
    ids = sorted({lead_id for lead_id in moved.values() if lead_id is not None})
    now = await recipients.recipients(tx, workspace_id=workspace_id, lead_ids=ids, about=about) if ids else {}
    for message in lost:
        lead_id = moved.get(message.id)
        if message.lead_id is not None and lead_id is not None and lead_id in now:
            leads[message.lead_id] = now[lead_id]
    return leads, frozenset(message_id for message_id, lead_id in moved.items() if lead_id is None)


async def _unwanted(
    tx: Tx, *, order: Order, leads: Mapping[int, Recipient], message_ids: Sequence[int]
) -> dict[int, str]:
    """Return the leads that do not want this message, with the reason. What somebody waits for is not asked.

    A message that comes too soon for its lead is left out and does not wait: who wants one a month wants
    fewer messages, not the same ones later.
    """
    if order.priority == 0 or order.content.transactional:
        return {}
    apart = {lead_id: each.apart for lead_id, each in leads.items() if each.apart}
    soon = await too_soon(tx, workspace_id=order.workspace_id, apart=apart, message_ids=message_ids)
    unwanted = {lead_id: each.unwanted for lead_id, each in leads.items() if each.unwanted}
    return {**dict.fromkeys(soon, WANTS_FEWER), **unwanted}


async def compose(
    composer: MessageComposer,
    window: Sequence[QueuedMessage],
    gate: Gate,
    outcomes: Outcomes,
    *,
    signer: MailSigner | None = None,
) -> list[tuple[QueuedMessage, OutgoingMessage]]:
    """Make the messages that may be sent. What may not, or cannot be made, costs itself and nothing else."""
    made = []
    for number, waiting in enumerate(window, start=1):
        if number % COMPOSED_AT_ONCE == 0:
            await asyncio.sleep(0)
        if reason := gate.suppressed.get(waiting.address):
            outcomes.suppress(waiting, PERSON_ERASED if reason is SuppressionReason.ERASED else reason)
            continue
        if unwanted := gate.unwanted.get(waiting.lead_id or 0):
            outcomes.suppress(waiting, unwanted)
            continue
        if waiting.id in gate.twins:
            outcomes.suppress(waiting, HAS_IT_ALREADY)
            continue
        lead = _lead_of(waiting, gate)
        if lead is None:
            outcomes.suppress(waiting, LEAD_DELETED)
            continue
        if gate.manners is not None and _put_aside(waiting, lead, gate, outcomes):
            continue
        try:
            message = composer.compose(waiting.id, waiting.address, lead, gate.data.get(waiting.id))
        except Exception as error:  # noqa: BLE001  # Whatever it is, it is this message's own trouble.
            outcomes.park(waiting, reason_of(error))
        else:
            made.append((waiting, message if signer is None else replace(message, signer=signer)))
    return made


def _put_aside(waiting: QueuedMessage, lead: dict[str, Any], gate: Gate, outcomes: Outcomes) -> bool:
    """Let a message wait whose recipient is not to be written to now, and say whether it does."""
    quiet = gate.manners.quiet_for(lead, now=clock.now()) if gate.manners else None
    rest = gate.rests.get(waiting.lead_id or 0)
    if quiet is not None:
        outcomes.put_aside(waiting, quiet, waits_for="quiet_hours")
    elif rest is not None:
        outcomes.put_aside(waiting, rest, waits_for="frequency_cap")
    return quiet is not None or rest is not None


def _lead_of(waiting: QueuedMessage, gate: Gate) -> dict[str, Any] | None:
    """Return what the template sees as `lead`; None when it was deleted since."""
    if waiting.lead_id is not None:
        known = gate.leads.get(waiting.lead_id)
        return known.data if known else None
    empty: dict[str, Any] = dict.fromkeys(("phone", "external_id", "name", "language"), "")
    return {**empty, "email": waiting.address, "tags": [], "fields": {}}
