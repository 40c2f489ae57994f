"""What leads say of being written to: it is told to the ledger of consents, and sending follows it."""

from mailgenius.channels.contract import Channel
from mailgenius.engine.suppression import service as suppression
from mailgenius.engine.suppression.model import SuppressionReason
from mailgenius.kit.db.transaction import Tx
from mailgenius.product.consents import service as consents
from mailgenius.product.consents.model import ConsentAct, Statement, Way
from mailgenius.product.leads import consent_queries, queries
from mailgenius.product.leads.model import Lead
from mailgenius.product.leads.service.changing import follow_suppression
from mailgenius.product.leads.service.noting import note_leads

BY_CONSENT = "consent withdrawn"
"""Told in the activity of a lead that is not written to any more."""


async def state_consent(tx: Tx, *, workspace_id: int, statement: Statement) -> None:
    """Write down what is said of one lead and channel. A withdrawal stops all messages there at once.

    What is given does not lift an unsubscribing: see `return_to`.

    Raises:
        LeadNotFound: this workspace has no such lead.
        ConsentUnclear: a channel, an address or a time is wrong.
    """
    lead = await queries.lock_lead(tx, workspace_id=workspace_id, lead_id=statement.lead_id)
    await consents.record(tx, workspace_id=workspace_id, statements=[statement])
    await consent_queries.date_consents(tx, workspace_id=workspace_id, lead_ids=[lead.id])
    await note_leads(
        tx,
        "lead.consent_recorded",
        workspace_id=workspace_id,
        lead_ids=[lead.id],
        channel=statement.channel,
        act=statement.act,
        basis=statement.basis,
    )
    if statement.act is ConsentAct.WITHDRAWN:
        await stop_on(tx, workspace_id=workspace_id, lead=lead, channel=statement.channel)


async def stop_on(tx: Tx, *, workspace_id: int, lead: Lead, channel: str) -> None:
    """Write to a lead no more on a channel, as if it had unsubscribed there. A second run changes nothing."""
    address = address_on(lead, channel)
    if address is None:
        return
    await suppression.add(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        addresses=[address],
        reason=SuppressionReason.UNSUBSCRIBED,
    )
    await _follow(tx, workspace_id=workspace_id, lead=lead, channel=channel, address=address)


async def return_to(tx: Tx, *, workspace_id: int, lead_id: int, channel: str) -> None:
    """Lift the unsubscribing of a lead that proved to be who it is and wants messages again."""
    lead = await queries.lock_lead(tx, workspace_id=workspace_id, lead_id=lead_id)
    address = address_on(lead, channel)
    if address is None:
        return
    await suppression.remove(
        tx,
        workspace_id=workspace_id,
        channel=channel,
        addresses=[address],
        reasons=[SuppressionReason.UNSUBSCRIBED],
    )
    await _follow(tx, workspace_id=workspace_id, lead=lead, channel=channel, address=address)


async def note_recipient(
    tx: Tx, *, workspace_id: int, lead_id: int | None, channel: Channel, address: str
) -> None:
    """Tell the ledger that a recipient left by a message, or came back. The list of suppressions says which.

    A second run finds it told.
    """
    found = await consent_queries.leads_of_address(
        tx, workspace_id=workspace_id, channel=channel, address=address, lead_id=lead_id
    )
    listed = await suppression.suppressed(tx, workspace_id=workspace_id, channel=channel, addresses=[address])
    act = ConsentAct.GIVEN
    if listed.get(address) is SuppressionReason.UNSUBSCRIBED:
        act = ConsentAct.WITHDRAWN
    known = await consents.states(tx, workspace_id=workspace_id, lead_ids=found)
    here = {state.lead_id: state.act for state in known if state.channel == channel}
    statements = [
        Statement(lead_id=each, channel=channel, act=act, way=Way.UNSUBSCRIBE)
        for each in found
        # Who comes back gets what was withdrawn, and nothing that was never given.
        if here.get(each, ConsentAct.GIVEN) is not act
    ]
    if statements:
        await consents.record(tx, workspace_id=workspace_id, statements=statements)
        await consent_queries.date_consents(tx, workspace_id=workspace_id, lead_ids=found)


def address_on(lead: Lead, channel: str) -> str | None:
    """Return where a channel reaches a lead; None when it does not."""
    return lead.email if channel == Channel.EMAIL else lead.phone


async def _follow(tx: Tx, *, workspace_id: int, lead: Lead, channel: str, address: str) -> None:
    """Bring the lead's status in line. Its e-mail decides; its phone only when there is no e-mail."""
    if channel != Channel.EMAIL and lead.email is not None:
        return
    await follow_suppression(
        tx,
        workspace_id=workspace_id,
        lead_id=lead.id,
        channel=Channel(channel),
        address=address,
        reason=BY_CONSENT,
    )
